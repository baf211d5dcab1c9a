"""KSpaceToolkit as a module of python-ismrmrd-server: scans go to `kspace serve --stdio`, images come back.

Put this file beside the server's main.py and choose the configuration `kspace`. The environment may say more:

    KSPACE          the command, if it is not on the PATH
    KSPACE_OPTIONS  options of `kspace serve`, such as `--method grappa --config head=/opt/head.yaml`
    KSPACE_CONFIG   the configuration that `kspace serve` is asked for: qsm unless given
"""

import json
import logging
import os
import shlex
import struct
import subprocess
import threading

import ismrmrd

CONFIG_FILE, HEADER, CLOSE, TEXT, ACQUISITION, IMAGE, WAVEFORM = 1, 3, 4, 5, 1008, 1022, 1026
KINDS = {ismrmrd.Acquisition: ACQUISITION, ismrmrd.Image: IMAGE, ismrmrd.Waveform: WAVEFORM}
LEVELS = {"DBG": logging.DEBUG, "INF": logging.INFO, "WRN": logging.WARNING, "ERR": logging.ERROR}


def process(connection, config, metadata):
    """Takes a scan from the server's connection to its end, and sends back what is made of it."""
    command = [os.environ.get("KSPACE", "kspace"), "serve", "--stdio"] + shlex.split(os.environ.get("KSPACE_OPTIONS", ""))
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    answers = threading.Thread(target=_return, args=(program.stdout, connection))
    answers.start()
    try:
        _send(program.stdin, connection, config, metadata)
    except BrokenPipeError:
        # It has ended, and said why.
        for item in connection:
            if item is None:
                break
    finally:
        answers.join()
        program.stdout.close()
        status = program.wait()
        if status != 0:
            logging.error("kspace serve ended with status %d", status)
        connection.send_close()


def _send(pipe, connection, config, metadata):
    def text(number, content):
        content = content.encode() + b"\0"
        pipe.write(struct.pack("<HI", number, len(content)) + content)

    try:
        name = os.environ.get("KSPACE_CONFIG", "qsm")
        pipe.write(struct.pack("<H1024s", CONFIG_FILE, name.encode()))
        text(HEADER, metadata if isinstance(metadata, str) else ismrmrd.xsd.ToXML(metadata))
        # `config` and `customconfig` have named this module.
        parameters = config.get("parameters", {}) if isinstance(config, dict) else {}
        parameters = {key: value for key, value in parameters.items() if key not in ("config", "customconfig")}
        if parameters:
            text(TEXT, json.dumps({"parameters": parameters}))
        for item in connection:
            if item is None:
                break
            number = next((KINDS[kind] for kind in KINDS if isinstance(item, kind)), None)
            if number is not None:
                pipe.write(struct.pack("<H", number))
                item.serialize_into(pipe.write)
        pipe.write(struct.pack("<H", CLOSE))
    finally:
        try:
            pipe.close()
        except BrokenPipeError:
            pass


def _return(pipe, connection):
    def read(count):
        content = pipe.read(count)
        if len(content) < count:
            raise EOFError("kspace serve ended without its closing message")
        return content

    try:
        while True:
            (number,) = struct.unpack("<H", read(2))
            if number == CLOSE:
                return
            if number == TEXT:
                content = read(struct.unpack("<I", read(4))[0]).split(b"\0")[0].decode()
                logging.log(LEVELS.get(content[:3], logging.INFO), "%s", content)
                connection.send_text(content)
            elif number == IMAGE:
                connection.send_image(ismrmrd.Image.deserialize_from(read))
            else:
                raise ValueError(f"message {number} came from kspace serve")
    except Exception as error:
        logging.exception(error)
        # What is not read would stop the program, and with it the scan.
        while pipe.read(1 << 20):
            pass
