
# Times that a task which may be tried again, or whose time is up, goes back into the queue by itself.
restarts=5

die() { printf 'error: %s\n' "$1" >&2; printf 'help: %s\n' "$2" >&2; exit 2; }

command -v sbatch >/dev/null || die "there is no sbatch here" "run this on a node of the cluster from which jobs are submitted"
largest=$(scontrol show config | sed -n 's/^MaxArraySize *= *//p')
[ -n "$largest" ] || die "Slurm does not say its MaxArraySize" "see what \`scontrol show config\` prints"
[ "$shards" -lt "$largest" ] ||
    die "arrays of this cluster end at $((largest - 1)), and $shards tasks are asked for" "use --shards $((largest - 1)) or fewer"
mkdir -p "$logs"
if [ -s "$logs/jobs" ]; then
    earlier=$(paste -sd, "$logs/jobs")
    [ -z "$(squeue --noheader --jobs="$earlier" 2>/dev/null)" ] ||
        die "jobs of this run are in the queue: $earlier" "wait for them, or stop them first: scancel ${earlier//,/ }"
fi
: >"$logs/jobs"

# task COMMAND...: the batch script that runs a command, passes SIGTERM on, and asks for another start where one helps.
task() {
    printf '#!/bin/bash\nrestarts=%q\ncommand=(' "$restarts"
    printf ' %q' "$@"
    cat <<'END'
 )
# Slurm sends SIGTERM either to this shell alone, or to every process. The program must get it once: a second one ends it at once.
# A process that does nothing tells which it was.
sleep infinity &
witness=$!
pass_on() {
    stopped=true
    sleep 0.5
    if kill -0 "$witness" 2>/dev/null; then kill -TERM "$program"; fi
}
stopped=false
trap pass_on TERM
"${command[@]}" &
program=$!
while true; do
    wait "$program"
    code=$?
    # A signal ends `wait` before it ends the program.
    $stopped || break
    stopped=false
done
kill "$witness" 2>/dev/null
job=$SLURM_JOB_ID
[ -z "${SLURM_ARRAY_TASK_ID:-}" ] || job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
case $code in
75 | 143)
    # Not where somebody cancelled the job, or Slurm itself puts it back.
    if [ "${SLURM_RESTART_COUNT:-0}" -lt "$restarts" ] && scontrol show job "$job" | grep -q JobState=RUNNING; then
        echo "exit code $code: job $job goes back into the queue" >&2
        scontrol requeue "$job" && sleep 60
    fi
    ;;
esac
exit "$code"
END
}

# submit NAME OPTIONS... -- COMMAND...: a job that starts when the one submitted before it has succeeded.
after=
submit() {
    local name=$1 log=%j further=()
    shift
    while [ "$1" != -- ]; do
        case $1 in --array=*) log=%A_%a ;; esac
        further+=("$1")
        shift
    done
    shift
    [ -z "$after" ] || further+=("--dependency=afterok:$after" --kill-on-invalid-dep=yes)
    after=$(task "$@" | sbatch --parsable --job-name="ecgfm-$name" --output="$logs/$name-$log.log" --open-mode=append \
        --requeue --signal=B:TERM@120 "${options[@]}" "${further[@]+"${further[@]}"}")
    after=${after%%;*}
    echo "$after" >>"$logs/jobs"
    echo "$name $after"
}

# look_at STAGE: sets `waits` to whether stages before it are not done, and `missing` to the tasks of it that have work.
look_at() {
    local said
    said=$("$ecgfm" missing "${run[@]}" --of "$shards" --only "$1" --json)
    case $said in
    *'"state": "waiting"'*) waits=true missing=1-$shards ;;
    *) waits=false missing=$(sed -n 's/^  "ranges": "\(.*\)",$/\1/p' <<<"$said") ;;
    esac
}
