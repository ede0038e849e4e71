"""An hour of 2 000 cameras: what it costs us and a tuned ffmpeg, and whether both find the same faults.

Scenes are real footage (demo/footage), five frames a second for four seconds, with sensor noise that
moves. For each scene, at full size (1080p) and as a sub-stream (704x396), there is a stream as cameras
send it, which probes are timed on, and a file of keyframes alone, clean and with each fault, which
tells how keyframes of one camera differ. What is probed and decoded in the hour is decided by
the example `fleet` of the crate scheduler, in virtual time; here is measured what each kind of probe
costs, in rounds, and what ffmpeg's filters see in each keyframe.
"""

import hashlib
import json
import os
import re
import subprocess

import contenders
from clips import make
from command import Failed, Server, told
from goals import spread

HERE = os.path.dirname(os.path.abspath(__file__))
FOOTAGE = os.path.join(HERE, "../../demo/footage")
ADDRESS = "127.0.0.1:18556"
# Nothing listens there.
REFUSED = "rtsp://127.0.0.1:9/gone"
# Calm to busy.
SCENES = {"store": "store", "class": "classroom", "people": "people", "street": "bikecar"}
SIZES = {"main": ("1920x1080", "2M"), "sub": ("704x396", "500k")}
KEYFRAMES, FAULTY_KEYFRAMES = 20, 5
# What the lens or the sensor does, in ffmpeg's words; at 1080 lines.
FAULTS = {
    "black": "lutyuv=y=18:u=128:v=128",
    "too_dark": "lutyuv=y=16+(val-16)*0.12",
    "too_bright": "lutyuv=y=185+val*0.2",
    "blurred": "gblur=sigma={blur}",
    "colour_cast": "lutyuv=u=clip(val+40\\,16\\,240):v=clip(val-34\\,16\\,240)",
}
NOISE = "noise=alls=4:allf=t"
# Probes that a kind of probe is timed on, spread over the scenes as the hour spreads them.
TIMED = 24
PLAN_SECONDS = "3"
# How a probe of ours goes: the keyframe is judged; it is within its habit, and is not; the pictures after it
# are judged too, which tells shaking, and a snapshot is made. And how `load` calls it.
HOWS = {"looked": "picture", "within": "within", "run": "run"}
# A person who watches ffmpeg's figures would be told when one leaves what this camera usually has by
# this much: mean luma, mean chroma, and sharpness as a share.
LUMA, CHROMA, SHARPNESS = 30, 8, 1.15
FIGURES = {"y": "signalstats.YAVG", "u": "signalstats.UAVG", "v": "signalstats.VAVG", "blur": "blur"}


class Footage:
    """The files of all scenes, made once."""

    def __init__(self, work):
        self.work = work
        self.streams, self.keys = {}, {}
        for size in SIZES:
            for scene in SCENES:
                self.streams[size, scene] = self.stream(size, scene)
                for fault in ["", *FAULTS]:
                    self.keys[size, scene, fault] = self.keyframes(size, scene, fault)

    def file(self, name, arguments):
        made = hashlib.sha256(repr(arguments).encode()).hexdigest()[:8]
        file = os.path.join(self.work, f"{name}-{made}.h264")
        if not os.path.exists(file):
            make(arguments + ["-pix_fmt", "yuv420p", "-f", "h264", file + ".new"])
            os.rename(file + ".new", file)
        return file

    def source(self, scene):
        return ["-i", os.path.join(FOOTAGE, SCENES[scene] + ".mp4")]

    def stream(self, size, scene):
        pixels, rate = SIZES[size]
        return self.file(f"{size}-{scene}", self.source(scene) + [
            "-vf", f"fps=25,scale={pixels},{NOISE}", "-c:v", "libx264", "-preset", "veryfast", "-bf", "0",
            "-g", "50", "-b:v", rate, "-maxrate", rate, "-bufsize", rate])

    def keyframes(self, size, scene, fault):
        pixels, _ = SIZES[size]
        blur = 12 if size == "main" else 4.4
        change = f"{FAULTS[fault].format(blur=blur)}," if fault else ""
        count = FAULTY_KEYFRAMES if fault else KEYFRAMES
        return self.file(f"{size}-{scene}-{fault or 'clean'}", self.source(scene) + [
            "-frames:v", str(count), "-vf", f"scale={pixels},{change}{NOISE}",
            "-c:v", "libx264", "-preset", "veryfast", "-g", "1", "-crf", "27"])

    def served(self):
        streams = [f"{size}-{scene}={file}" for (size, scene), file in self.streams.items()]
        keys = [f"{size}-{scene}-{fault or 'clean'}={file}" for (size, scene, fault), file in self.keys.items()]
        return streams + keys


def figures(file):
    """What tuned ffmpeg's filters say of each picture of a file; kept beside it."""
    if os.path.exists(file + ".json"):
        with open(file + ".json", encoding="utf-8") as kept:
            return json.load(kept)
    output = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", file, "-vf",
         "scale=480:270:flags=area,signalstats,blurdetect,metadata=mode=print:file=-", "-f", "null", "-"],
        capture_output=True, text=True, check=True, timeout=120).stdout
    series = {name: [float(value) for value in re.findall(rf"lavfi\.{re.escape(key)}=(\S+)", output)]
              for name, key in FIGURES.items()}
    pictures = [dict(zip(series, values)) for values in zip(*series.values())]
    with open(file + ".json", "w", encoding="utf-8") as kept:
        json.dump(pictures, kept)
    return pictures


def seen_by_ffmpeg(footage):
    """In which keyframes a person would see a fault, by `size scene fault`."""
    sees = {}
    for (size, scene, fault), file in footage.keys.items():
        usual = figures(footage.keys[size, scene, ""])
        mean = {name: sum(picture[name] for picture in usual) / len(usual) for name in FIGURES}
        sees[f"{size} {scene} {fault}"] = [
            abs(picture["y"] - mean["y"]) > LUMA
            or max(abs(picture["u"] - mean["u"]), abs(picture["v"] - mean["v"])) > CHROMA
            or not picture["blur"] < mean["blur"] * SHARPNESS
            for picture in figures(file)]
    return sees


class Fleet:
    """The hour, and the cameras that its probes are timed on."""

    def __init__(self, options):
        self.options = options
        self.footage = Footage(options.work)
        self.cameras = Server([options.cameras, ADDRESS] + self.footage.served())
        try:
            self.hour = told([options.fleet], json.dumps({
                "address": ADDRESS,
                "scenes": list(SCENES),
                "faults": ["refused", *FAULTS],
                "clips": [{"name": f"{size}-{scene}-{fault or 'clean'}", "size": size, "scene": scene,
                           "fault": fault, "keyframes": FAULTY_KEYFRAMES if fault else KEYFRAMES}
                          for size, scene, fault in self.footage.keys],
                "sees": seen_by_ffmpeg(self.footage),
            }))
        except Failed:
            self.end()
            raise

    def end(self):
        self.cameras.end()

    def urls(self, kind, cells):
        """Addresses for a kind of probe, of scenes in proportion to `cells`."""
        if kind == "refused":
            return [REFUSED] * TIMED
        size, how = kind
        of_kind = {scene: cells.get(f"{size} {scene} {how}", 0) for scene in SCENES}
        total, urls = sum(of_kind.values()), []
        for scene, count in of_kind.items():
            urls += [f"rtsp://{ADDRESS}/{size}-{scene}/{n}" for n in range(round(TIMED * count / total))]
        return urls

    def ours(self, kind, urls):
        """CPU ms of a probe of ours of this kind."""
        if kind == "refused":
            _, _, cpu, _ = contenders.measured([self.options.load, "within", PLAN_SECONDS, str(len(urls))], urls)
        else:
            asked, done, cpu, _ = contenders.measured(
                [self.options.load, HOWS[kind[1]], PLAN_SECONDS, str(len(urls))], urls)
            if done != asked:
                raise Failed(f"{done} of {asked} probes of kind {kind}")
        return 1000 * cpu / len(urls)

    def theirs(self, kind, urls):
        asked, done, cpu, _ = contenders.ffmpeg(self.options, urls, None)
        if done != (0 if kind == "refused" else asked):
            raise Failed(f"ffmpeg finished {done} of {asked} probes of kind {kind}")
        return 1000 * cpu / asked

    def round(self, number):
        """CPU seconds of the hour: ours, ffmpeg's on the same streams, and on main streams alone."""
        costs, result = {}, {}
        sides = [("ours", self.ours), ("theirs", self.theirs), ("theirs_main", self.theirs)]
        for name, probe in sides[number % 3:] + sides[:number % 3]:
            cells = self.hour[name]["cells"]
            seconds = 0
            for kind in ["refused"] + [(size, how) for size in SIZES for how in HOWS]:
                count = cells.get("refused", 0) if kind == "refused" else sum(
                    cells.get(f"{kind[0]} {scene} {kind[1]}", 0) for scene in SCENES)
                if count:
                    key = (probe, kind)
                    if key not in costs:
                        costs[key] = probe(kind, self.urls(kind, cells))
                    seconds += count * costs[key] / 1000
            result[name] = seconds
        result["costs"] = {(probe.__name__, kind): cost for (probe, kind), cost in costs.items()}
        return result

    def show(self, rounds):
        """Prints what the hour came to; what must not be, in words."""
        print("\nfleet  2 000 cameras, an hour in virtual time; CPU ms of a probe by kind: median (min–max)")
        for key in rounds[0]["costs"] if rounds else []:
            name, kind = key
            kind = kind if kind == "refused" else " ".join(kind)
            print(f"  {name:8} {kind:14} {spread([result['costs'][key] for result in rounds], 1):>26}")
        problems = []
        print(f"  {'':12} {'probes':>8} {'decoded':>8} {'CPU s':>26} {'found in time':>14} "
              f"{'after s: median, longest':>26} {'false':>6}")
        for name, hour in self.hour.items():
            probes = sum(hour["cells"].values())
            looked = sum(count for cell, count in hour["cells"].items() if not cell.endswith("within"))
            found, faults = (sum(counts) for counts in zip(*hour["found"].values()))
            cpu = spread([result[name] for result in rounds], 0) if rounds else "not measured"
            print(f"  {name:12} {probes:8} {looked:8} {cpu:>26} {f'{found} of {faults}':>14} "
                  f"{hour['wait_s']:14.0f}, {hour['longest_s']:10.0f} {hour['called_faulty']:6}")
            missed = [f"{fault} ({seen} of {all})" for fault, (seen, all) in hour["found"].items() if seen < all]
            if missed:
                problems.append(f"fleet: {name} did not find in time: {', '.join(missed)}")
            if hour["called_faulty"]:
                problems.append(f"fleet: {name} called {hour['called_faulty']} healthy cameras faulty")
        return problems
