#!/usr/bin/env bash
# Trains ReconNetSENSE on a machine that is lent for minutes and reaches nothing else: PyTorch, NumPy and SciPy are all it needs.
#
#   gpu_job.sh prepare POOL KSPACE            here: masks and heads of the numerical phantom, which need `kspace` (about 40 MB)
#   gpu_job.sh run POOL OUT [MINUTES] [DEVICE] there: more volumes on all its cores, then training; 10 minutes on `cuda` by default
#
# OUT gets reconnet_sense.safetensors (at most 7 MB), the log and a checkpoint, every minute; the same command continues from it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
case "${1:-}" in
prepare)
  pool=$2 kspace=$3
  "$python" "$here/masks.py" "$pool/masks" --kspace "$kspace" --seed 31 --count "${MASKS:-40}"
  "$python" "$here/masks.py" "$pool/validation-masks" --kspace "$kspace" --seed 1000 --count 5
  "$python" "$here/heads.py" "$pool/heads" --kspace "$kspace" --seed 930000 --count "${HEADS:-14}"
  "$python" "$here/heads.py" "$pool/validation" --kspace "$kspace" --seed 920000 --count "${VALIDATION_HEADS:-3}"
  ;;
run)
  pool=$2 out=$3 minutes=${4:-10} device=${5:-cuda}
  mkdir -p "$out" "$pool/library"
  # Simulation goes on beside the training, which looks for new volumes at every checkpoint.
  cp -n "$pool"/heads/*.npy "$pool/library/" 2>/dev/null || true
  cores=$(nproc)
  for core in $(seq 1 "$cores"); do
    OMP_NUM_THREADS=1 nice "$python" "$here/simulate.py" "$pool/library" --count "${VOLUMES:-150}" --seed "$((100 + core))" --thickest 4 &
  done
  trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
  coils=()
  for file in "$pool"/*.npz; do [ -f "$file" ] && coils+=("$file"); done
  "$python" "$here/train_sense.py" --run "$out" --library "$pool/library" --masks "$pool/masks" \
    --validation-library "$pool/validation" --validation-masks "$pool/validation-masks" \
    ${FEATURES:+--features "$FEATURES"} --weights "${WEIGHTS:-$here/../Resources/reconnet_sense.safetensors}" \
    ${coils[0]:+--coils "${coils[@]}"} --minutes "$minutes" --device "$device" --checkpoint-minutes 1 --validation 8 \
    --threads "$cores" --rate "${RATE:-6e-4}" | tee -a "$out/log"
  rm -f "$out"/*.part
  ;;
*)
  sed -n '2,8p' "$0"
  exit 2
  ;;
esac
