# A build argument, so that a mirror of the base image needs no change here.
ARG GO_IMAGE=golang:1.26

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=development
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X otpravka/internal/cli.Version=${VERSION}" -o /out/otpravka ./cmd/otpravka \
 && mkdir -p -m 0700 /out/data /out/config

# Nothing but the binary and the roots of trust: no shell, no libc, no zone
# files (the binary brings its own).
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/otpravka /otpravka
# A new named volume takes over the owner of the directory below it.
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/config /config

# The key lies on a volume of its own, so that no copy of the data holds it.
ENV OTPRAVKA_LISTEN=:8080
ENV OTPRAVKA_DATABASE_URL=sqlite:///data/otpravka.db
ENV OTPRAVKA_MASTER_KEY_FILE=/config/master.key
VOLUME ["/data", "/config"]
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s --retries=3 CMD ["/otpravka", "healthcheck"]
ENTRYPOINT ["/otpravka"]
CMD ["serve"]
