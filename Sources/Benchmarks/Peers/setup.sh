#!/bin/sh
# Sets up the peers of the comparison in FOLDER, each Python peer from its package: setup.sh FOLDER [PYTHON]
set -e
folder=$1
python=${2:-python3}
command -v bart >/dev/null || { echo "BART is missing: apt-get install bart" >&2; exit 3; }
command -v /usr/bin/time >/dev/null || { echo "GNU time is missing: apt-get install time" >&2; exit 3; }
mkdir -p "$folder"
if [ ! -x "$folder/venv/bin/python" ]; then
  "$python" -m venv "$folder/venv"
  "$folder/venv/bin/pip" install -q numpy==2.4.6 scipy==1.17.1 nibabel==5.4.2 sigpy==0.1.27 pygrappa==0.26.3 scikit-image==0.26.0
fi
# mrpro brings its own torch, several gigabytes of it: it is left out unless PEERS_MRPRO=1.
if [ "$PEERS_MRPRO" = 1 ] && [ ! -x "$folder/mrpro/bin/python" ]; then
  "$python" -m venv "$folder/mrpro"
  "$folder/mrpro/bin/pip" install -q mrpro==0.261015
fi
