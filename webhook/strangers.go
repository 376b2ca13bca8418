package webhook

import (
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"otpravka/webhook/accesslog"
	"otpravka/webhook/origin"
	"otpravka/webhook/problem"
	"otpravka/webhook/ratelimit"
)

// strangers bounds what one address can cost with keys that open nothing: each
// well-formed one asks the database. An address that was refused too often is
// refused before anybody looks, whatever it sends, so that it learns nothing
// more. Credentials that were good before go on, since many clients may share
// an address, behind a proxy for example.
type strangers struct {
	refused *ratelimit.Limiter

	mu   sync.Mutex
	good map[[sha256.Size]byte]struct{} // digests of Authorization headers
}

// maxGood bounds the memory of good credentials. Beyond it all are forgotten,
// which costs them nothing unless their address is refused at that moment.
const maxGood = 10_000

func newStrangers(refusalsPerMinute int) *strangers {
	return &strangers{
		refused: ratelimit.New("unauthorized", refusalsPerMinute, time.Minute),
		good:    map[[sha256.Size]byte]struct{}{},
	}
}

// hold is the middleware. It stands inside of the access log, which knows
// whether a request was found to be somebody's.
func (s *strangers) hold(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Request().Header.Get("Authorization")
		if header == "" {
			return next(c)
		}
		credential := sha256.Sum256([]byte(header))
		if !s.known(credential) {
			if standing := s.refused.Look(origin.Network(c.Request())); !standing.Allowed {
				return problem.New("rate_limited").After(standing.Wait)
			}
		}
		err := next(c)
		switch {
		case accesslog.Identified(c.Request().Context()):
			s.remember(credential)
		case err != nil && problem.From(err).Status == http.StatusUnauthorized:
			s.refused.Take(origin.Network(c.Request()))
			s.forget(credential)
		}
		return err
	}
}

func (s *strangers) known(credential [sha256.Size]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.good[credential]
	return ok
}

func (s *strangers) remember(credential [sha256.Size]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.good) >= maxGood {
		clear(s.good)
	}
	s.good[credential] = struct{}{}
}

func (s *strangers) forget(credential [sha256.Size]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.good, credential)
}
