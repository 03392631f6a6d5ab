"""The report in a real browser: pictures load, nothing overflows a phone, nothing is logged."""

import html
import json
import os
import re
import shutil
import subprocess

import pytest

from grape_rewrite.evaluation import write_report

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium found: install Debian's `chromium` or set CHROMIUM to the path of one"
)

HISTORY = [{"step": step, "mrr": 0.1 + step / 50, "rewards/rank_log/mean": 0.4} for step in range(1, 31)]

# The frame is as wide as a phone; a window of a headless Chromium is not to be had so narrow.
PROBE = """<!doctype html><body><iframe style="width:390px;height:800px;border:0" srcdoc="{report}"></iframe>
<pre id="found"></pre><script>
addEventListener("load", async () => {{
  const page = document.querySelector("iframe").contentDocument;
  const images = [...page.images];
  await Promise.all(images.map(image => image.decode().catch(() => null)));
  document.querySelector("#found").textContent = JSON.stringify({{
    images: images.length,
    broken: images.filter(image => !image.naturalWidth).length,
    width: page.documentElement.scrollWidth,
    wide: [...page.querySelectorAll("main > section, .card, .chart, .bar")]
      .filter(element => element.getBoundingClientRect().right > 390.5).length,
    square: [...page.querySelectorAll(".tile")].every(tile => tile.offsetWidth > 40),
    heading: getComputedStyle(page.querySelector("h1")).fontSize,
    right: getComputedStyle(page.querySelector(".card h4[lang=ar]")).direction,
  }});
}});
</script>"""


def browse(page, folder, *options, budget=5000):
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command += [f"--user-data-dir={folder / 'profile'}", "--enable-logging=stderr", f"--virtual-time-budget={budget}"]
    return subprocess.run([*command, *options, page.as_uri()], capture_output=True, text=True, timeout=120, check=True)


def look(probe, folder):
    """What the probe has found. Where the machine is busy, virtual time can be over before the pictures are decoded."""
    for budget in (5_000, 50_000, 500_000):
        dom = browse(probe, folder, "--dump-dom", budget=budget).stdout
        found = html.unescape(re.search(r'<pre id="found">(.*?)</pre>', dom)[1])
        if found:
            return found
    pytest.fail("the probe has found nothing")


@pytest.fixture
def report(evaluate, pictures, tmp_path):
    write_report(tmp_path / "report.html", evaluate(pictures), HISTORY, "Colours")
    return tmp_path / "report.html"


def test_on_a_phone(report, tmp_path):
    probe = tmp_path / "probe.html"
    probe.write_text(PROBE.format(report=html.escape(report.read_text(encoding="utf-8"))), encoding="utf-8")
    found = json.loads(look(probe, tmp_path))
    assert found["images"] > 20
    assert found["broken"] == 0
    assert found["width"] <= 390
    assert found["wide"] == 0
    assert found["square"]
    assert found["right"] == "rtl"


def test_alone_it_logs_nothing(report, tmp_path):
    result = browse(report, tmp_path, "--dump-dom")
    assert "<h1>Colours</h1>" in result.stdout
    assert "CONSOLE" not in result.stderr


def test_the_policy_stops_a_script_that_got_in(report, tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text(
        report.read_text(encoding="utf-8").replace("</h1>", "</h1><script>document.title='x'</script>"), "utf-8"
    )
    result = browse(bad, tmp_path, "--dump-dom")
    assert "<title>Colours</title>" in result.stdout
    assert "CONSOLE" in result.stderr
