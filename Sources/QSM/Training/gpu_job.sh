#!/usr/bin/env bash
# Trains the inversion on a machine that is lent for minutes and reaches nothing else: PyTorch, NumPy, SciPy and nibabel are all it needs.
#
#   gpu_job.sh prepare POOL KSPACE [ANATOMY]   here: heads and fields that need `kspace` (about 60 MB)
#   gpu_job.sh run POOL OUT [MINUTES] [DEVICE] there: volumes of no anatomy on all its cores, then training; 9 minutes on `cuda` by default
#
# OUT gets the checkpoint, every minute, and its log; the same command goes on from it. `export.py` makes the weights of it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
case "${1:-}" in
prepare)
  pool=$2 kspace=$3
  "$python" "$here/volumes.py" "$pool/library" --heads "${HEADS:-32}" --kspace "$kspace" --seed 5100
  if [ -n "${4:-}" ]; then "$python" "$here/volumes.py" "$pool/library" --count "${CROPS:-120}" --anatomy "$4" --seed 6000; fi
  "$python" "$here/volumes.py" "$pool/validation" --count 6 --heads 4 --kspace "$kspace" --seed 5900
  "$python" "$here/fields.py" "$pool/fields" --library "$pool/library" --kspace "$kspace" --count "${FIELDS:-30}"
  ;;
run)
  pool=$2 out=$3 minutes=${4:-9} device=${5:-cuda}
  mkdir -p "$out"
  cores=$(nproc)
  if [ ! -f "$out/unrolled.pt" ]; then
    for core in $(seq 1 "$cores"); do
      OMP_NUM_THREADS=1 "$python" "$here/volumes.py" "$pool/library" --count "$((${VOLUMES:-240} / cores + 1))" --seed "$((20000 + 1000 * core))" &
    done
    wait
  fi
  "$python" "$here/train.py" --library "$pool/library" --validation "$pool/validation" --fields "$pool/fields" \
    --start "$here/../Resources/unrolled.onnx" --checkpoint "$out/unrolled.pt" --minutes "$minutes" \
    --device "$device" --workers "$cores" --batch "${BATCH:-8}" --extent "${EXTENT:-64}" --rate "${RATE:-1e-3}" --checkpoint-minutes 1 | tee -a "$out/log"
  ;;
*)
  sed -n '2,7p' "$0"
  exit 2
  ;;
esac
