#!/usr/bin/env bash
# Trains the built-in model: every stage in order. A stage whose result is there is skipped; one that was stopped goes on.
#
#   training/run.sh                              from nothing, on a CPU
#   GPU=1 training/run.sh                        the same with one GPU
#   START=models/builtin GPU=1 training/run.sh   on from the shipped model
#   DRY_RUN=1 training/run.sh                    prints the commands that are left to do
#
# Every setting below can be given as a variable, for example RUN=/data/run MINUTES=30 training/run.sh.
# training/README.md says what each stage does and how long it takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON=${PYTHON:-python}
GPU=${GPU:-}
DRY_RUN=${DRY_RUN:-}
START=${START:-}             # a model folder like models/builtin to go on from; empty: random weights
PEOPLE=${PEOPLE:-8000}       # that are drawn
SHOTS=${SHOTS:-16000}        # further shots of them
WORKERS=${WORKERS:-2}        # processes at once in the stages that draw and encode on a CPU
MINUTES=${MINUTES:-$([[ $GPU ]] && echo 2.3 || echo 100)} # of the diffusion model's training
SHARE=${SHARE:-0.3}          # how far from START the result lies, if there is a START
HELD_OUT=64                  # people that no stage trains on: training/data/face_shards.py

RUN=${RUN:-run}
SYNTHESIS=$RUN/synthesis.safetensors
FACES=$RUN/faces
RGB64=$RUN/rgb64.safetensors
RGB128=$RUN/rgb128.safetensors
AUTOENCODER=$RUN/autoencoder
FINETUNED=$RUN/autoencoder_finetuned
LANDMARKS=$RUN/landmarks.safetensors
DIFFUSION=$RUN/diffusion.pt
MODEL=$RUN/model
UNBIASED=$RUN/unbiased
INTERPOLATED=$RUN/interpolated
PAIRS=() LATENTS=()
if [[ $GPU ]]; then
    WORKERS=1
    FINETUNED=$RUN/gpu/vae
    LANDMARKS=$RUN/gpu/landmarks.safetensors
    LATENTS=("$RUN/gpu/latents.pt")
else
    for ((k = 0; k < WORKERS; k++)); do
        PAIRS+=("$RUN/pairs$k.pt")
        LATENTS+=("$RUN/latents$k.pt")
    done
fi

# stage NAME RESULT MODULE [OPTION...]: one command. RUN/done/NAME says that it ended well.
stage() {
    local line mark=$RUN/done/$1 result=$2 command=("$PYTHON" -m "training.stages.$3" "${@:4}")
    if [[ -e $mark && -e $result ]]; then
        return
    fi
    if [[ $DRY_RUN ]]; then
        printf -v line '%q ' "${command[@]}"
        echo "$line"
        return
    fi
    echo "== $1: $result"
    "${command[@]}"
    mkdir -p "$RUN/done"
    touch "$mark"
}

# worker NAME ...: a stage at the same time as others, on one core. wait_for_workers fails if one of them failed.
workers=()
worker() {
    if ((WORKERS > 1)); then
        OMP_NUM_THREADS=1 stage "$@" &
        workers+=($!)
    else
        stage "$@"
    fi
}
wait_for_workers() {
    local failed=0
    for pid in "${workers[@]}"; do
        wait "$pid" || failed=1
    done
    workers=()
    return "$failed"
}

# first K: the first person of the K-th worker's part.
first() { echo $((HELD_OUT + (PEOPLE - HELD_OUT) * $1 / WORKERS)); }

[[ $DRY_RUN ]] || mkdir -p "$RUN"

# 1. People who do not exist.
stage mobilestylegan "$SYNTHESIS" mobilestylegan --out "$SYNTHESIS"
for ((k = 0; k < WORKERS; k++)); do
    worker "make_faces$k" "$FACES" make_faces --synthesis "$SYNTHESIS" --out "$FACES" \
        --count $((PEOPLE * (k + 1) / WORKERS - PEOPLE * k / WORKERS)) --seed $((k + 1))
done
wait_for_workers

# 2. Small pictures straight from the synthesis network's features, for the losses.
stage rgb64 "$RGB64" rgb_head --side 64 --synthesis "$SYNTHESIS" --faces "$FACES" --minutes 5 --out "$RGB64"
stage rgb128 "$RGB128" rgb_head --side 128 --synthesis "$SYNTHESIS" --faces "$FACES" --minutes 7 --out "$RGB128"

# 3. The autoencoder.
if [[ $START ]]; then
    vae=$START/vae
else
    vae=$AUTOENCODER
    stage autoencoder "$AUTOENCODER" autoencoder --synthesis "$SYNTHESIS" --rgb "$RGB64" --faces "$FACES" \
        --minutes 44 --out "$AUTOENCODER.pt" --vae "$AUTOENCODER"
fi

# 4. Shots of everybody, landmarks that differentiate, an autoencoder for unusual people, latents of all shots.
if [[ $GPU ]]; then
    minutes=$([[ $START ]] && echo 0 || echo 5)
    stage all_on_gpu "${LATENTS[0]}" all_on_gpu --synthesis "$SYNTHESIS" --rgb "$RGB128" --start "$vae" \
        --minutes "$minutes" --out "$RUN/gpu"
else
    for ((k = 0; k < WORKERS; k++)); do
        worker "pairs$k" "${PAIRS[k]}" pairs --synthesis "$SYNTHESIS" --rgb "$RGB128" --faces "$FACES" \
            --count $((SHOTS / WORKERS)) --seed $((k + 5)) --out "${PAIRS[k]}"
    done
    wait_for_workers
    stage landmarks "$LANDMARKS" landmarks --pairs "${PAIRS[0]}" --minutes 5.5 --out "$LANDMARKS"
    if [[ $START ]]; then
        FINETUNED=$vae
    else
        stage autoencoder_finetune "$FINETUNED" autoencoder_finetune --start "$vae" --synthesis "$SYNTHESIS" \
            --faces "$FACES" --pairs "${PAIRS[0]}" --rgb "$RGB128" --minutes 65 --out "$FINETUNED.pt" --vae "$FINETUNED"
    fi
    for ((k = 0; k < WORKERS; k++)); do
        worker "latents$k" "${LATENTS[k]}" latents --vae "$FINETUNED" --faces "$FACES" --pairs "${PAIRS[@]}" \
            --people "$(first "$k")" "$(first $((k + 1)))" --out "${LATENTS[k]}"
    done
    wait_for_workers
fi

# 5. The diffusion model.
options=()
if [[ $START ]]; then
    options+=(--start "$START")
fi
if [[ $GPU ]]; then
    options+=(--batch 256 --judged 64 --judged-with-reference 40 --lr 4e-4 --identity-weight 1.3 --words-weight 0.2)
fi
stage diffusion "$DIFFUSION" diffusion --latents "${LATENTS[@]}" --vae "$FINETUNED" --rgb "$RGB128" \
    --landmarks "$LANDMARKS" --minutes "$MINUTES" --out "$DIFFUSION" "${options[@]}"
stage export "$MODEL" export --checkpoint "$DIFFUSION" --latents "${LATENTS[@]}" --vae "$FINETUNED" --out "$MODEL"

# 6. Without what it draws of everybody, and not all of the way from where it started.
stage remove_common_bias "$UNBIASED" remove_common_bias --latents "${LATENTS[@]}" --start "$MODEL" --vae "$MODEL/vae" \
    --minutes 22 --out "$UNBIASED.pt" --model "$UNBIASED"
if [[ $START ]]; then
    stage interpolate_weights "$INTERPOLATED" interpolate_weights --before "$START" --after "$UNBIASED" \
        --share "$SHARE" --out "$INTERPOLATED"
fi
