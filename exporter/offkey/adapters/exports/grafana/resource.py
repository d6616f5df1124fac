"""A dashboard as the resource that the API of Grafana 13 takes: the same panels in the v2 schema.

Source: grafana/grafana, apps/dashboard/kinds/v2 (`dashboard.grafana.app/v2`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

Tree = Mapping[str, Any]

_REFRESH = {0: "never", 1: "onDashboardLoad", 2: "onTimeRangeChanged"}
_SORT = {0: "disabled", 7: "naturalAsc"}
_TOOLTIP = {0: "Off", 1: "Crosshair", 2: "Tooltip"}


def resource(classic: Tree) -> dict[str, Any]:
    """Return a dashboard of the classic schema as a resource; it must be one of ours, with known kinds of parts."""
    panels = [*_panels(classic)]
    spec = {
        "annotations": [_annotation(note) for note in classic["annotations"]["list"]],
        "cursorSync": _TOOLTIP[classic["graphTooltip"]],
        "description": classic["description"],
        "editable": classic["editable"],
        "elements": {_name(panel): _element(panel) for panel in panels},
        "layout": {"kind": "RowsLayout", "spec": {"rows": [_row(*row) for row in _rows(classic)]}},
        "links": classic["links"],
        "preload": False,
        "tags": classic["tags"],
        "timeSettings": _times(classic),
        "title": classic["title"],
        "variables": [_variable(variable) for variable in classic["templating"]["list"]],
    }
    return {
        "apiVersion": "dashboard.grafana.app/v2",
        "kind": "Dashboard",
        "metadata": {"name": classic["uid"]},
        "spec": spec,
    }


def _panels(classic: Tree) -> Iterator[Tree]:
    for _, panels in _rows(classic):
        yield from panels


def _rows(classic: Tree) -> Iterator[tuple[Tree | None, list[Tree]]]:
    """Yield each heading with its panels; those above the first heading have none."""
    heading: Tree | None = None
    inside: list[Tree] = []
    for panel in classic["panels"]:
        if panel["type"] != "row":
            inside.append(panel)
            continue
        if heading or inside:
            yield heading, inside
        heading, inside = panel, list(panel["panels"])
    yield heading, inside


def _row(heading: Tree | None, panels: list[Tree]) -> dict[str, Any]:
    top = min(panel["gridPos"]["y"] for panel in panels)
    items = []
    for panel in panels:
        place = panel["gridPos"]
        at = {"x": place["x"], "y": place["y"] - top, "width": place["w"], "height": place["h"]}
        element = {"kind": "ElementReference", "name": _name(panel)}
        items.append({"kind": "GridLayoutItem", "spec": {**at, "element": element}})
    spec = {"layout": {"kind": "GridLayout", "spec": {"items": items}}}
    said = (
        {"title": heading["title"], "collapse": heading["collapsed"]} if heading else {"title": "", "hideHeader": True}
    )
    return {"kind": "RowsLayoutRow", "spec": {**said, **spec}}


def _name(panel: Tree) -> str:
    return f"panel-{panel['id']}"


def _element(panel: Tree) -> dict[str, Any]:
    queries = [_query(target) for target in panel["targets"]]
    changes = [
        {"kind": "Transformation", "group": change["id"], "spec": {"options": change["options"]}}
        for change in panel.get("transformations", ())
    ]
    data = {"queries": queries, "transformations": changes, "queryOptions": {}}
    look = {"options": panel["options"], "fieldConfig": panel["fieldConfig"]}
    spec = {
        "id": panel["id"],
        "title": panel["title"],
        "description": panel["description"],
        "links": [],
        "data": {"kind": "QueryGroup", "spec": data},
        "vizConfig": {"kind": "VizConfig", "group": panel["type"], "version": "", "spec": look},
    }
    return {"kind": "Panel", "spec": spec}


def _query(target: Tree) -> dict[str, Any]:
    asked = {key: value for key, value in target.items() if key not in ("datasource", "refId")}
    spec = {"query": _asking(target["datasource"], asked), "refId": target["refId"], "hidden": False}
    return {"kind": "PanelQuery", "spec": spec}


def _asking(source: Tree, spec: Tree) -> dict[str, Any]:
    """Return a query to a data source, which v2 names by kind (the group) and by what is chosen."""
    query = {"kind": "DataQuery", "group": source["type"], "version": "v0"}
    return {**query, "datasource": {"name": source["uid"]}, "spec": dict(spec)}


def _annotation(note: Tree) -> dict[str, Any]:
    shown = {key: note[key] for key in ("name", "enable", "hide", "iconColor")}
    known = (*shown, "builtIn", "datasource", "placement", "type")
    asked = {key: value for key, value in note.items() if key not in known}
    is_own = bool(note["builtIn"])
    return {
        "kind": "AnnotationQuery",
        "spec": {**shown, "builtIn": is_own, "query": _asking(note["datasource"], asked)},
    }


def _variable(variable: Tree) -> dict[str, Any]:
    common = {
        "name": variable["name"],
        "label": variable["label"],
        "current": _current(variable),
        "options": [],
        "multi": variable["multi"],
        "includeAll": variable["includeAll"],
        "allowCustomValue": variable["allowCustomValue"],
        "regex": variable.get("regex", ""),
        "refresh": _REFRESH[variable.get("refresh", 1)],
        "hide": "dontHide",
        "skipUrlSync": variable["skipUrlSync"],
        **({"allValue": variable["allValue"]} if "allValue" in variable else {}),
    }
    if variable["type"] == "datasource":
        return {"kind": "DatasourceVariable", "spec": {**common, "pluginId": variable["query"]}}
    query = _asking(variable["datasource"], {"query": variable["query"]})
    asked = {"query": query, "definition": variable["definition"], "sort": _SORT[variable["sort"]]}
    return {"kind": "QueryVariable", "spec": {**common, **asked}}


def _current(variable: Tree) -> dict[str, Any]:
    chosen = variable.get("current", {"text": "", "value": ""})
    return {"text": chosen["text"], "value": chosen["value"]}


def _times(classic: Tree) -> dict[str, Any]:
    return {
        **classic["time"],
        "timezone": classic["timezone"],
        "autoRefresh": classic["refresh"],
        "autoRefreshIntervals": ["30s", "1m", "5m", "15m", "30m", "1h"],
        "fiscalYearStartMonth": 0,
        "hideTimepicker": False,
    }
