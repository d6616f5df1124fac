"""The report's page: a table and a plot for each alert."""

from collections.abc import Sequence

import jinja2

from offkey.adapters.exports.report.plot import BOTTOM, HEIGHT, LEFT, TOP, WIDTH, Plot, drawing

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{{ title }}</title>
<style>
  body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1000px; padding: 0 1rem; color: #1f2430 }
  h1 { font-size: 1.4rem } h2 { font-size: 1rem; margin: 1.6rem 0 0; overflow-wrap: anywhere } p { margin: .2rem 0 .4rem; color: #5a6272 }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
  th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #e3e6ec; overflow-wrap: anywhere }
  svg { width: 100%; height: auto; display: block } svg text { font-size: 10px; fill: #5a6272 }
  .band { fill: #b9d4f2; opacity: .55 } .series { fill: #22559c; stroke: #22559c; stroke-width: 1 }
  .after { fill: none; stroke: #c2410c; stroke-width: 1.4 }
  .before { fill: none; stroke: #8a8f9c; stroke-width: 1.4; stroke-dasharray: 4 3 }
  rect.after { fill: #ef4444; opacity: .28; stroke: none } rect.before { fill: #8a8f9c; opacity: .3; stroke: none }
  .legend span { margin-right: 1.2rem } .key { display: inline-block; width: 1.1em; height: .7em; margin-right: .35em }
  @media (prefers-color-scheme: dark) {
    body { background: #14171f; color: #e4e7ee } th, td { border-color: #2b303c } p, svg text { color: #a0a8b8; fill: #a0a8b8 }
    .series { fill: #7fb2f0; stroke: #7fb2f0 } .band { fill: #2f4a6d }
  }
</style>
<h1>{{ title }}</h1>
<p>{{ subtitle }}</p>
<p class="legend">
  <span><i class="key" style="background:#22559c"></i>series</span>
  {% if has_bands %}<span><i class="key" style="background:#b9d4f2"></i>band</span>{% endif %}
  {% if has_thresholds %}<span><i class="key" style="background:#c2410c"></i>threshold</span>{% endif %}
  <span><i class="key" style="background:#ef4444"></i>firing</span>
  {% if compares %}<span><i class="key" style="background:#8a8f9c"></i>before</span>{% endif %}
</p>
<table>
  <tr>{% for cell in rows[0] %}<th>{{ cell }}</th>{% endfor %}</tr>
  {% for row in rows[1:] %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
  {% endfor %}
</table>
{% for plot, shapes in plots %}
<h2>{{ plot.title }}</h2>
<p>{{ plot.note }}</p>
<svg viewBox="0 0 {{ width }} {{ height }}" role="img" aria-label="{{ plot.title }}">
  {% for kind, x, size in shapes.bars %}<rect class="{{ kind }}" x="{{ x }}" y="{{ top }}" width="{{ size }}" height="{{ depth }}"/>
  {% endfor %}
  {% for kind, path in shapes.paths %}<path class="{{ kind }}" d="{{ path }}"/>
  {% endfor %}
  {% for x, words in shapes.marks %}<text x="{{ x }}" y="{{ height - 4 }}" text-anchor="{{ 'start' if x < left + 30 else 'end' if x > width - 30 else 'middle' }}">{{ words }}</text>
  {% endfor %}
  {% for y, words in shapes.labels %}<text x="{{ left - 6 }}" y="{{ y + 3 }}" text-anchor="end">{{ words }}</text>
  {% endfor %}
</svg>
{% endfor %}
</html>
"""  # noqa: E501 (a page, not code)


def html(title: str, subtitle: str, rows: Sequence[Sequence[str]], plots: Sequence[Plot]) -> str:
    """Return the report.

    Args:
        title: what was replayed.
        subtitle: over which past.
        rows: a table, its head first.
        plots: one for each alert or series, in order.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(_PAGE).render(
        title=title,
        subtitle=subtitle,
        rows=rows,
        plots=[(plot, drawing(plot)) for plot in plots],
        has_bands=any(plot.lower is not None for plot in plots),
        has_thresholds=any(plot.thresholds for plot in plots),
        compares=any(kind == "before" for plot in plots for kind, *_ in (*plot.episodes, *plot.thresholds)),
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        top=TOP,
        depth=HEIGHT - TOP - BOTTOM,
    )
