# bash completion for troupe; made by: troupe completion bash
_troupe() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    local command=${COMP_WORDS[1]} words=
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "run fix generate verify partition simulate classify rules errors heal resolve runs events flaky up down status health submit node actor link queue cost console doctor config models keys bench completion version help" -- "$cur"))
        return
    fi
    case $prev in
    --color) COMPREPLY=($(compgen -W 'auto always never' -- "$cur")); return ;;
    --runner) COMPREPLY=($(compgen -W 'auto vitest jest playwright tsc eslint pytest go ctest cargo command' -- "$cur")); return ;;
    --fix|--heal) COMPREPLY=($(compgen -W 'off propose apply' -- "$cur")); return ;;
    --config|--state|--allow-write) COMPREPLY=($(compgen -d -- "$cur")); return ;;
    esac
    case $command in
    run) words=' --files-from --changed-since --workers --runner --command --results --fix --heal --retries --no-cache --trust-selection --fail-fast --keep --resume --cluster --report --allow-write --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    fix) words='list show votes apply reject revert check --command --apply --models --allow --repo --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    generate) words=' --project --mutants --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    verify) words='last --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    partition) words=' --workers --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    simulate) words=' --workers --boot-s --per-file-s --speed-sd --kill --join --no-split --no-relief --seed --policy --arrivals --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    classify) words=' --rules-only --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    rules) words='test explain --file --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    errors) words='list show teach --run --route --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    heal) words='list show health --snapshot --cases --fingerprints --before --after --selector --error --no-abstain --runs --repair-minutes --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    resolve) words=' --html --snapshot --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    runs) words='list show why --limit --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    events) words=' --follow --limit --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    flaky) words=' --runs --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    up) words=' --workers --allow-write --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    down) words=' --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    status) words=' --cluster --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    health) words=' --live --ready --cluster --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    submit) words=' --wait --cluster --files-from --changed-since --workers --runner --command --results --fix --heal --retries --report --fail-fast --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    node) words='list drain start --cluster --stop --off --role --join --bind --name --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    actor) words='list --cluster --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    link) words='list --cluster --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    queue) words='list cancel apply --cluster --check --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    cost) words='report forecast explain optimize --limit --runs-per-day --work-s --arrivals --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    console) words=' --execute --cluster --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    doctor) words=' --production --bucket --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    config) words='check show schema --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    models) words='list ping bench suggest --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    keys) words='new list allow revoke rotate --role --dir --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    bench) words='ping-pong counting thread-ring fork-join-throughput fork-join-create big chameneos bank actor-memory link-throughput link-rtt codec classify partition heal --runs --workers --count --actors --work-us --size --peers --transport --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    completion) words='bash zsh fish --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    version) words=' --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    help) words='run fix generate verify partition simulate classify rules errors heal resolve runs events flaky up down status health submit node actor link queue cost console doctor config models keys bench completion version help --json --quiet --verbose --color --config --set --state --timeout --help' ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    [ "${#COMPREPLY[@]}" -gt 0 ] || COMPREPLY=($(compgen -f -- "$cur"))
}
complete -o filenames -F _troupe troupe
