"""Published benchmarks, made from their official files; one file for each."""

from grape_rewrite.published.benchmark import Benchmark
from grape_rewrite.published.cirr import CIRR
from grape_rewrite.published.coco_cn import COCO_CN
from grape_rewrite.published.cvlue import CVLUE
from grape_rewrite.published.flickr30k import FLICKR30K
from grape_rewrite.published.flickr30k_cn import FLICKR30K_CN
from grape_rewrite.published.wikipedia import WIKIPEDIA
from grape_rewrite.published.xm3600 import XM3600

BENCHMARKS = {one.name: one for one in (FLICKR30K, FLICKR30K_CN, COCO_CN, CVLUE, XM3600, WIKIPEDIA, CIRR)}
"""Name -> benchmark."""

__all__ = ["BENCHMARKS", "Benchmark"]
