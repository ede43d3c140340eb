"""Makes the clips of this folder from `clips.toml`: espeak-ng speaks, sox shapes. Run it after changing a text.

Each clip is headerless G.711 µ-law, 8 kHz mono, trimmed of the silence around the speech and brought to an RMS of
-20 dBFS. Needs `espeak-ng` and `sox` on the path; callscope itself needs neither, for the clips are shipped.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import tomllib
from pathlib import Path

FOLDER = Path(__file__).parent
RMS_DBFS = -20.0
VOICES = {
    "bot": ["-v", "en-gb-x-rp+m3", "-s", "172", "-p", "38"],
    "caller": ["-v", "en-us+f3", "-s", "182", "-p", "58"],
}
TELEPHONE = ["gain", "-6", "highpass", "250", "lowpass", "3400", "compand", "0.003,0.1", "-60,-60,-40,-26,0,-9"]
TRIM = ["silence", "1", "0.01", "-50d", "reverse", "silence", "1", "0.01", "-50d", "reverse"]


def rms_dbfs(wav: Path) -> float:
    """Return the level of a WAV file as sox measures it."""
    report = subprocess.run(["sox", str(wav), "-n", "stats"], check=True, capture_output=True, text=True).stderr
    found = re.search(r"RMS lev dB\s+(\S+)", report)
    if found is None:
        raise ValueError(f"sox gave no level for {wav.name}")
    return float(found[1])


def make(name: str, who: str, text: str) -> None:
    """Speak one text into `<name>.ulaw`."""
    with tempfile.TemporaryDirectory() as folder:
        spoken, shaped = Path(folder, "spoken.wav"), Path(folder, "shaped.wav")
        subprocess.run(["espeak-ng", *VOICES[who], "-w", str(spoken), text], check=True)
        subprocess.run(["sox", str(spoken), "-r", "8000", "-c", "1", str(shaped), *TELEPHONE, *TRIM], check=True)
        gain = RMS_DBFS - rms_dbfs(shaped)
        raw = ["-t", "raw", "-e", "mu-law", "-r", "8000", "-c", "1", str(FOLDER / f"{name}.ulaw")]
        subprocess.run(["sox", "-D", str(shaped), *raw, "gain", f"{gain:.2f}"], check=True)


if __name__ == "__main__":
    for speaker, texts in tomllib.loads((FOLDER / "clips.toml").read_text("utf-8")).items():
        for clip, words in texts.items():
            make(clip, speaker, words)
