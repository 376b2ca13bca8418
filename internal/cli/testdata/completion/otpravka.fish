# Completion of otpravka for fish. To have it in this shell:
#   otpravka completion fish | source
# and for ever: otpravka completion fish > ~/.config/fish/completions/otpravka.fish
function __otpravka_at
    set -l at
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case " serve"
                set at "serve"
            case " demo"
                set at "demo"
            case " business"
                set at "business"
            case "business create"
                set at "business create"
            case "business list"
                set at "business list"
            case " key"
                set at "key"
            case "key create"
                set at "key create"
            case " shared"
                set at "shared"
            case " orders"
                set at "orders"
            case "orders import"
                set at "orders import"
            case "orders export"
                set at "orders export"
            case " doctor"
                set at "doctor"
            case " healthcheck"
                set at "healthcheck"
            case " backup"
                set at "backup"
            case " restore-epoch"
                set at "restore-epoch"
            case " copy"
                set at "copy"
            case " bench"
                set at "bench"
            case " listen"
                set at "listen"
            case " completion"
                set at "completion"
            case " version"
                set at "version"
        end
    end
    test "$at" = "$argv"
end
complete -c otpravka -f
complete -c otpravka -n '__otpravka_at ' -a serve -d 'Serve the API, the bots and the callbacks'
complete -c otpravka -n '__otpravka_at ' -a demo -d 'Try everything on this machine, with simulated chat networks and a simulated SMS provider'
complete -c otpravka -n '__otpravka_at ' -a business -d 'Make and list businesses, beside the running server or without it'
complete -c otpravka -n '__otpravka_at ' -a key -d 'Make an API key for a business, beside the running server or without it'
complete -c otpravka -n '__otpravka_at ' -a shared -d 'List the shared bots of the YAML file, whom they serve, and their links'
complete -c otpravka -n '__otpravka_at ' -a orders -d 'Send order updates from a CSV file, and write orders to one'
complete -c otpravka -n '__otpravka_at ' -a doctor -d 'Check the settings, the key, the database, bots and SMS providers, and say what to do'
complete -c otpravka -n '__otpravka_at ' -a healthcheck -d 'Ask the server of this machine whether it is ready'
complete -c otpravka -n '__otpravka_at ' -a backup -d 'Copy the database to a file, beside the running server or without it'
complete -c otpravka -n '__otpravka_at ' -a restore-epoch -d 'After a restored backup: end whatever it says is pending, so that no used code is right again'
complete -c otpravka -n '__otpravka_at ' -a copy -d 'Move everything to another database, from SQLite to PostgreSQL or back'
complete -c otpravka -n '__otpravka_at ' -a bench -d 'Measure how many codes per second this machine, or a running server, starts and checks'
complete -c otpravka -n '__otpravka_at ' -a listen -d 'Show every event of your business as it happens, and forward it to your app'
complete -c otpravka -n '__otpravka_at ' -a completion -d 'Print the script by which a shell completes commands and flags'
complete -c otpravka -n '__otpravka_at ' -a version -d 'Print the version'
complete -c otpravka -n '__otpravka_at ' -l help -d 'Show context-sensitive help'
complete -c otpravka -n '__otpravka_at serve' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at serve' -l config -r -F -d 'YAML file with SMS providers, shared bots, trusted proxies and private endpoints'
complete -c otpravka -n '__otpravka_at serve' -l database-url -r -F -d 'sqlite:///path/file.db'
complete -c otpravka -n '__otpravka_at serve' -l master-key-file -r -F -d 'File of the master key; made on the first start, in your configuration directory unless named'
complete -c otpravka -n '__otpravka_at serve' -l log-format -x -a 'json text' -d 'json or text'
complete -c otpravka -n '__otpravka_at serve' -l public-url -r -F -d 'Address under which the world reaches this server; base of callbacks'
complete -c otpravka -n '__otpravka_at serve' -l telegram-api -r -F -d 'Base of the Telegram Bot API'
complete -c otpravka -n '__otpravka_at serve' -l telegram-updates -x -a 'auto poll webhook' -d 'How bots hear what people write: poll, webhook, or auto: webhook where Telegram accepts the public URL'
complete -c otpravka -n '__otpravka_at serve' -l telegram-gateway-api -r -F -d 'Base of the Telegram Gateway'
complete -c otpravka -n '__otpravka_at serve' -l whatsapp-cloud-api -r -F -d 'Base of Meta'\''s Graph API for the WhatsApp Cloud API'
complete -c otpravka -n '__otpravka_at serve' -l whatsapp-cloud-version -r -F -d 'Version of the Graph API'
complete -c otpravka -n '__otpravka_at serve' -l listen -r -F -d 'TCP address of the API'
complete -c otpravka -n '__otpravka_at serve' -l metrics-listen -r -F -d 'TCP address of /metrics for Prometheus, or off'
complete -c otpravka -n '__otpravka_at demo' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at demo' -l listen -r -F -d 'TCP address of the page'
complete -c otpravka -n '__otpravka_at demo' -l lang -x -a 'en ru' -d 'Language of the page and of the messages: en or ru'
complete -c otpravka -n '__otpravka_at demo' -l script -d 'Serve no page: play a whole story, from the first code to a killed server, and print each step'
complete -c otpravka -n '__otpravka_at business' -a create -d 'Make a business and print its two API keys, which are shown this once'
complete -c otpravka -n '__otpravka_at business' -a list -d 'List the businesses'
complete -c otpravka -n '__otpravka_at business' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at business create' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at business create' -l name -r -F -d 'The brand, as users read it in their chats'
complete -c otpravka -n '__otpravka_at business create' -l country -r -F -d 'Country'
complete -c otpravka -n '__otpravka_at business create' -l locale -r -F -d 'Language of the texts; default by country'
complete -c otpravka -n '__otpravka_at business create' -l currency -r -F -d 'Currency of amounts; default by country'
complete -c otpravka -n '__otpravka_at business create' -l time-zone -r -F -d 'Time zone of times in texts; default by country'
complete -c otpravka -n '__otpravka_at business create' -l config -r -F -d 'YAML file with SMS providers, shared bots, trusted proxies and private endpoints'
complete -c otpravka -n '__otpravka_at business create' -l database-url -r -F -d 'sqlite:///path/file.db'
complete -c otpravka -n '__otpravka_at business create' -l master-key-file -r -F -d 'File of the master key; made on the first start, in your configuration directory unless named'
complete -c otpravka -n '__otpravka_at business create' -l log-format -x -a 'json text' -d 'json or text'
complete -c otpravka -n '__otpravka_at business list' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at business list' -l config -r -F -d 'YAML file with SMS providers, shared bots, trusted proxies and private endpoints'
complete -c otpravka -n '__otpravka_at business list' -l database-url -r -F -d 'sqlite:///path/file.db'
complete -c otpravka -n '__otpravka_at business list' -l master-key-file -r -F -d 'File of the master key; made on the first start, in your configuration directory unless named'
complete -c otpravka -n '__otpravka_at business list' -l log-format -x -a 'json text' -d 'json or text'
complete -c otpravka -n '__otpravka_at key' -a create -d 'Make an API key for a business, say one that has lost its keys, and print it this once'
complete -c otpravka -n '__otpravka_at key' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at key create' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at key create' -l business -r -F -d 'Id of the business, as business list shows it'
complete -c otpravka -n '__otpravka_at key create' -l name -r -F -d 'What the key is for, as the business reads it in its list'
complete -c otpravka -n '__otpravka_at key create' -l mode -x -a 'live test' -d 'live or test'
complete -c otpravka -n '__otpravka_at key create' -l scopes -x -a 'start check orders reach admin' -d 'What it may do: start, check, orders, reach, admin'
complete -c otpravka -n '__otpravka_at key create' -l config -r -F -d 'YAML file with SMS providers, shared bots, trusted proxies and private endpoints'
complete -c otpravka -n '__otpravka_at key create' -l database-url -r -F -d 'sqlite:///path/file.db'
complete -c otpravka -n '__otpravka_at key create' -l master-key-file -r -F -d 'File of the master key; made on the first start, in your configuration directory unless named'
complete -c otpravka -n '__otpravka_at key create' -l log-format -x -a 'json text' -d 'json or text'
complete -c otpravka -n '__otpravka_at shared' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at shared' -l config -r -F -d 'YAML file with SMS providers, shared bots, trusted proxies and private endpoints'
complete -c otpravka -n '__otpravka_at shared' -l database-url -r -F -d 'sqlite:///path/file.db'
complete -c otpravka -n '__otpravka_at shared' -l master-key-file -r -F -d 'File of the master key; made on the first start, in your configuration directory unless named'
complete -c otpravka -n '__otpravka_at shared' -l log-format -x -a 'json text' -d 'json or text'
complete -c otpravka -n '__otpravka_at orders' -a import -d 'Send the order updates of a CSV file, in batches; run it again and it goes on'
complete -c otpravka -n '__otpravka_at orders' -a export -d 'Write the orders to a CSV file, safe to open in a spreadsheet'
complete -c otpravka -n '__otpravka_at orders' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at orders import' -F
complete -c otpravka -n '__otpravka_at orders import' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at orders import' -l url -r -F -d 'Address of the server'
complete -c otpravka -n '__otpravka_at orders import' -l key -r -F -d 'API key with the scope orders'
complete -c otpravka -n '__otpravka_at orders import' -l encoding -x -a 'utf-8 windows-1251' -d 'Of the file: utf-8 or windows-1251'
complete -c otpravka -n '__otpravka_at orders import' -l batch -r -F -d 'Updates in one request, 1 to 1000'
complete -c otpravka -n '__otpravka_at orders import' -l report -r -F -d 'Also write a CSV file with the outcome of each line, safe to open in a spreadsheet'
complete -c otpravka -n '__otpravka_at orders import' -l dry-run -d 'Read and check the file, and send nothing'
complete -c otpravka -n '__otpravka_at orders export' -F
complete -c otpravka -n '__otpravka_at orders export' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at orders export' -l url -r -F -d 'Address of the server'
complete -c otpravka -n '__otpravka_at orders export' -l key -r -F -d 'API key with the scope orders'
complete -c otpravka -n '__otpravka_at doctor' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at doctor' -l config -r -F -d 'YAML file with SMS providers, shared bots, trusted proxies and private endpoints'
complete -c otpravka -n '__otpravka_at doctor' -l database-url -r -F -d 'sqlite:///path/file.db'
complete -c otpravka -n '__otpravka_at doctor' -l master-key-file -r -F -d 'File of the master key; made on the first start, in your configuration directory unless named'
complete -c otpravka -n '__otpravka_at doctor' -l log-format -x -a 'json text' -d 'json or text'
complete -c otpravka -n '__otpravka_at doctor' -l public-url -r -F -d 'Address under which the world reaches this server; base of callbacks'
complete -c otpravka -n '__otpravka_at doctor' -l telegram-api -r -F -d 'Base of the Telegram Bot API'
complete -c otpravka -n '__otpravka_at doctor' -l telegram-updates -x -a 'auto poll webhook' -d 'How bots hear what people write: poll, webhook, or auto: webhook where Telegram accepts the public URL'
complete -c otpravka -n '__otpravka_at doctor' -l telegram-gateway-api -r -F -d 'Base of the Telegram Gateway'
complete -c otpravka -n '__otpravka_at doctor' -l whatsapp-cloud-api -r -F -d 'Base of Meta'\''s Graph API for the WhatsApp Cloud API'
complete -c otpravka -n '__otpravka_at doctor' -l whatsapp-cloud-version -r -F -d 'Version of the Graph API'
complete -c otpravka -n '__otpravka_at doctor' -l listen -r -F -d 'Address that the server is given'
complete -c otpravka -n '__otpravka_at doctor' -l metrics-listen -r -F -d 'TCP address of /metrics for Prometheus, or off'
complete -c otpravka -n '__otpravka_at healthcheck' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at healthcheck' -l listen -r -F -d 'Address that the server was given'
complete -c otpravka -n '__otpravka_at backup' -F
complete -c otpravka -n '__otpravka_at backup' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at backup' -l database-url -r -F -d 'sqlite:///path/file.db'
complete -c otpravka -n '__otpravka_at backup' -l master-key-file -r -F -d 'File of the master key; made on the first start, in your configuration directory unless named'
complete -c otpravka -n '__otpravka_at restore-epoch' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at restore-epoch' -l database-url -r -F -d 'sqlite:///path/file.db'
complete -c otpravka -n '__otpravka_at copy' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at copy' -l from -r -F -d 'Database to copy, whose server is stopped'
complete -c otpravka -n '__otpravka_at copy' -l to -r -F -d 'Empty database to copy to: sqlite:///path/file.db or postgres://user:password@host/database'
complete -c otpravka -n '__otpravka_at copy' -l master-key-file -r -F -d 'File of the master key; made on the first start, in your configuration directory unless named'
complete -c otpravka -n '__otpravka_at copy' -l start-over -d 'Empty a target that holds an unfinished copy, and begin again'
complete -c otpravka -n '__otpravka_at bench' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at bench' -l url -r -F -d 'Base of a running server to measure; without it, the bench starts one of its own and a provider beside it'
complete -c otpravka -n '__otpravka_at bench' -l key -r -F -d 'Test key'
complete -c otpravka -n '__otpravka_at bench' -l scenario -x -a 'cycle start check backlog fallback growth bots orders' -d 'What to measure'
complete -c otpravka -n '__otpravka_at bench' -l connections -r -F -d 'Callers at once'
complete -c otpravka -n '__otpravka_at bench' -l seconds -r -F -d 'Length of a run'
complete -c otpravka -n '__otpravka_at bench' -l warmup -r -F -d 'Seconds before the first run of a scenario, which do not count'
complete -c otpravka -n '__otpravka_at bench' -l runs -r -F -d 'Runs of each scenario, of which the medians are reported'
complete -c otpravka -n '__otpravka_at bench' -l database -r -F -d 'New SQLite file, to measure its disk, or an empty PostgreSQL database; by default a file in the temporary directory'
complete -c otpravka -n '__otpravka_at bench' -l pending -r -F -d 'Codes that wait in the scenario fallback'
complete -c otpravka -n '__otpravka_at bench' -l old-rows -r -F -d 'Ended verifications in the scenario growth'
complete -c otpravka -n '__otpravka_at bench' -l bots -r -F -d 'Bots in the scenario bots'
complete -c otpravka -n '__otpravka_at bench' -l orders -r -F -d 'Order updates in the scenario orders'
complete -c otpravka -n '__otpravka_at bench' -l fsync-delay -r -F -d 'Play a slow disk: the started server waits that long before each fsync of SQLite, as 2ms'
complete -c otpravka -n '__otpravka_at bench' -l cpu-profile -r -F -d 'Write a CPU profile of the started server'
complete -c otpravka -n '__otpravka_at bench' -l json -d 'Print the report as JSON'
complete -c otpravka -n '__otpravka_at listen' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at listen' -l url -r -F -d 'Address of the server'
complete -c otpravka -n '__otpravka_at listen' -l key -r -F -d 'API key with the scope admin'
complete -c otpravka -n '__otpravka_at listen' -l forward -r -F -d 'Address of your app that gets each event as a signed POST'
complete -c otpravka -n '__otpravka_at listen' -l types -r -F -d 'Types to hear of, with commas between them; all unless given'
complete -c otpravka -n '__otpravka_at listen' -l since -r -F -d 'Where to begin: latest, beginning, or behind the event with this id'
complete -c otpravka -n '__otpravka_at listen' -l json -d 'Print events as JSON, one a line'
complete -c otpravka -n '__otpravka_at listen' -l secret -r -F -d 'Signing secret of --forward; drawn and shown at the start unless given'
complete -c otpravka -n '__otpravka_at completion' -a 'bash zsh fish'
complete -c otpravka -n '__otpravka_at completion' -l help -d 'Show how the command is used.'
complete -c otpravka -n '__otpravka_at version' -l help -d 'Show how the command is used.'
