# Completion of otpravka for bash. To have it in this shell:
#   source <(otpravka completion bash)
# and for ever: put that line into ~/.bashrc.
_otpravka() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at= word i
    # The shell takes --flag=value for three words.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = ]]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case "$at $word" in
            " serve") at="serve" ;;
            " demo") at="demo" ;;
            " business") at="business" ;;
            "business create") at="business create" ;;
            "business list") at="business list" ;;
            " key") at="key" ;;
            "key create") at="key create" ;;
            " shared") at="shared" ;;
            " orders") at="orders" ;;
            "orders import") at="orders import" ;;
            "orders export") at="orders export" ;;
            " doctor") at="doctor" ;;
            " healthcheck") at="healthcheck" ;;
            " backup") at="backup" ;;
            " restore-epoch") at="restore-epoch" ;;
            " copy") at="copy" ;;
            " bench") at="bench" ;;
            " listen") at="listen" ;;
            " completion") at="completion" ;;
            " version") at="version" ;;
        esac
    done
    COMPREPLY=()
    case "$at $prev" in
        "serve --log-format") COMPREPLY=($(compgen -W "json text" -- "$cur")); return ;;
        "serve --telegram-updates") COMPREPLY=($(compgen -W "auto poll webhook" -- "$cur")); return ;;
        "serve --config" | "serve --database-url" | "serve --master-key-file" | "serve --public-url" | "serve --telegram-api" | "serve --telegram-gateway-api" | "serve --whatsapp-cloud-api" | "serve --whatsapp-cloud-version" | "serve --listen" | "serve --metrics-listen") return ;;
        "demo --lang") COMPREPLY=($(compgen -W "en ru" -- "$cur")); return ;;
        "demo --listen") return ;;
        "business create --log-format") COMPREPLY=($(compgen -W "json text" -- "$cur")); return ;;
        "business create --name" | "business create --country" | "business create --locale" | "business create --currency" | "business create --time-zone" | "business create --config" | "business create --database-url" | "business create --master-key-file") return ;;
        "business list --log-format") COMPREPLY=($(compgen -W "json text" -- "$cur")); return ;;
        "business list --config" | "business list --database-url" | "business list --master-key-file") return ;;
        "key create --mode") COMPREPLY=($(compgen -W "live test" -- "$cur")); return ;;
        "key create --scopes") COMPREPLY=($(compgen -W "start check orders reach admin" -- "$cur")); return ;;
        "key create --log-format") COMPREPLY=($(compgen -W "json text" -- "$cur")); return ;;
        "key create --business" | "key create --name" | "key create --config" | "key create --database-url" | "key create --master-key-file") return ;;
        "shared --log-format") COMPREPLY=($(compgen -W "json text" -- "$cur")); return ;;
        "shared --config" | "shared --database-url" | "shared --master-key-file") return ;;
        "orders import --encoding") COMPREPLY=($(compgen -W "utf-8 windows-1251" -- "$cur")); return ;;
        "orders import --url" | "orders import --key" | "orders import --batch" | "orders import --report") return ;;
        "orders export --url" | "orders export --key") return ;;
        "doctor --log-format") COMPREPLY=($(compgen -W "json text" -- "$cur")); return ;;
        "doctor --telegram-updates") COMPREPLY=($(compgen -W "auto poll webhook" -- "$cur")); return ;;
        "doctor --config" | "doctor --database-url" | "doctor --master-key-file" | "doctor --public-url" | "doctor --telegram-api" | "doctor --telegram-gateway-api" | "doctor --whatsapp-cloud-api" | "doctor --whatsapp-cloud-version" | "doctor --listen" | "doctor --metrics-listen") return ;;
        "healthcheck --listen") return ;;
        "backup --database-url" | "backup --master-key-file") return ;;
        "restore-epoch --database-url") return ;;
        "copy --from" | "copy --to" | "copy --master-key-file") return ;;
        "bench --scenario") COMPREPLY=($(compgen -W "cycle start check backlog fallback growth bots orders" -- "$cur")); return ;;
        "bench --url" | "bench --key" | "bench --connections" | "bench --seconds" | "bench --warmup" | "bench --runs" | "bench --database" | "bench --pending" | "bench --old-rows" | "bench --bots" | "bench --orders" | "bench --fsync-delay" | "bench --cpu-profile") return ;;
        "listen --url" | "listen --key" | "listen --forward" | "listen --types" | "listen --since" | "listen --secret") return ;;
    esac
    case "$at" in
        "") COMPREPLY=($(compgen -W "serve demo business key shared orders doctor healthcheck backup restore-epoch copy bench listen completion version --help" -- "$cur")) ;;
        "serve") COMPREPLY=($(compgen -W "--help --config --database-url --master-key-file --log-format --public-url --telegram-api --telegram-updates --telegram-gateway-api --whatsapp-cloud-api --whatsapp-cloud-version --listen --metrics-listen" -- "$cur")) ;;
        "demo") COMPREPLY=($(compgen -W "--help --listen --lang --script" -- "$cur")) ;;
        "business") COMPREPLY=($(compgen -W "create list --help" -- "$cur")) ;;
        "business create") COMPREPLY=($(compgen -W "--help --name --country --locale --currency --time-zone --config --database-url --master-key-file --log-format" -- "$cur")) ;;
        "business list") COMPREPLY=($(compgen -W "--help --config --database-url --master-key-file --log-format" -- "$cur")) ;;
        "key") COMPREPLY=($(compgen -W "create --help" -- "$cur")) ;;
        "key create") COMPREPLY=($(compgen -W "--help --business --name --mode --scopes --config --database-url --master-key-file --log-format" -- "$cur")) ;;
        "shared") COMPREPLY=($(compgen -W "--help --config --database-url --master-key-file --log-format" -- "$cur")) ;;
        "orders") COMPREPLY=($(compgen -W "import export --help" -- "$cur")) ;;
        "orders import") COMPREPLY=($(compgen -W "--help --url --key --encoding --batch --report --dry-run" -- "$cur")) ;;
        "orders export") COMPREPLY=($(compgen -W "--help --url --key" -- "$cur")) ;;
        "doctor") COMPREPLY=($(compgen -W "--help --config --database-url --master-key-file --log-format --public-url --telegram-api --telegram-updates --telegram-gateway-api --whatsapp-cloud-api --whatsapp-cloud-version --listen --metrics-listen" -- "$cur")) ;;
        "healthcheck") COMPREPLY=($(compgen -W "--help --listen" -- "$cur")) ;;
        "backup") COMPREPLY=($(compgen -W "--help --database-url --master-key-file" -- "$cur")) ;;
        "restore-epoch") COMPREPLY=($(compgen -W "--help --database-url" -- "$cur")) ;;
        "copy") COMPREPLY=($(compgen -W "--help --from --to --master-key-file --start-over" -- "$cur")) ;;
        "bench") COMPREPLY=($(compgen -W "--help --url --key --scenario --connections --seconds --warmup --runs --database --pending --old-rows --bots --orders --fsync-delay --cpu-profile --json" -- "$cur")) ;;
        "listen") COMPREPLY=($(compgen -W "--help --url --key --forward --types --since --json --secret" -- "$cur")) ;;
        "completion") COMPREPLY=($(compgen -W "bash zsh fish --help" -- "$cur")) ;;
        "version") COMPREPLY=($(compgen -W "--help" -- "$cur")) ;;
    esac
}
# Where nothing is known, as for values of flags, files are offered.
complete -o default -F _otpravka otpravka
