// Reads a dashboard and its data from a Prometheus, as Grafana would, and draws it; tells the server what it drew.
import React from 'react';
import { createRoot } from 'react-dom/client';
import {
  DataFrame,
  FieldConfigOptionsRegistry,
  FieldType,
  ThemeContext,
  TimeRange,
  applyFieldOverrides,
  cacheFieldDisplayNames,
  dateMath,
  dateTime,
  standardTransformers,
  standardTransformersRegistry,
  toDataFrame,
  transformDataFrame,
} from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import { GlobalStyles } from '@grafana/ui';
import { lastValueFrom } from 'rxjs';
import { Drawn, Panel, theme } from './panels';

const CELL_HEIGHT = 38;
const GAP = 8;
const HEADER = 46;
const CUSTOM = ['align', 'axisSoftMax', 'axisSoftMin', 'cellOptions', 'drawStyle', 'fillBelowTo', 'fillOpacity', 'filterable', 'gradientMode', 'hideFrom', 'inspect', 'lineInterpolation', 'lineStyle', 'lineWidth', 'minWidth', 'pointSize', 'scaleDistribution', 'showPoints', 'spanNulls', 'stacking', 'thresholdsStyle', 'axisPlacement', 'width'];
const STANDARD = ['color', 'decimals', 'displayName', 'links', 'mappings', 'max', 'min', 'noValue', 'thresholds', 'unit'];
const DEFAULTS = {
  axisPlacement: 'auto',
  drawStyle: 'line',
  fillOpacity: 0,
  hideFrom: { legend: false, tooltip: false, viz: false },
  lineInterpolation: 'linear',
  lineWidth: 1,
  scaleDistribution: { type: 'linear' },
  showPoints: 'never',
  stacking: { group: 'A', mode: 'none' },
  thresholdsStyle: { mode: 'off' },
};

type Values = Record<string, string>;

async function ask(path: string, fields: Values): Promise<any> {
  const answer = await (await fetch(`/prometheus/api/v1/${path}?${new URLSearchParams(fields)}`)).json();
  if (answer.status !== 'success') {
    throw new Error(`${fields.query}: ${answer.error}`);
  }
  return answer.data;
}

function fill(text: string, values: Values): string {
  return text.replace(/\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g, (whole, braced, plain) => values[braced ?? plain] ?? whole);
}

function register() {
  const options = new FieldConfigOptionsRegistry();
  const same = { process: (value: any) => value, shouldApply: () => true, settings: {}, editor: null as any, override: null as any };
  CUSTOM.forEach((name) => options.register({ ...same, id: `custom.${name}`, path: name, name, isCustom: true } as any));
  STANDARD.forEach((name) => options.register({ ...same, id: name, path: name, name } as any));
  const used = [standardTransformers.mergeTransformer, standardTransformers.organizeFieldsTransformer, standardTransformers.orderFieldsTransformer, standardTransformers.renameFieldsTransformer, standardTransformers.filterFieldsByNameTransformer];
  standardTransformersRegistry.setInit(() =>
    used.map((info: any) => ({ id: info.id, name: info.name, transformation: async () => info, editor: null as any, imageDark: '', imageLight: '' }))
  );
  return options;
}

// The first choice of each variable, or everything where that is offered; what the address says wins.
async function variables(dashboard: any, at: string, given: URLSearchParams): Promise<Values> {
  const values: Values = {};
  for (const variable of dashboard.templating.list) {
    if (variable.type === 'query') {
      values[variable.name] = given.get(`var-${variable.name}`) ?? variable.allValue ?? (await choices(variable, values, at))[0] ?? '';
    }
  }
  return values;
}

async function choices(variable: any, values: Values, time: string): Promise<string[]> {
  const [, kind, inner] = fill(variable.query, values).match(/^(\w+)\((.*)\)$/s)!;
  if (kind === 'label_values') {
    const cut = inner.lastIndexOf(',');
    return ask(`label/${inner.slice(cut + 1).trim()}/values`, { 'match[]': inner.slice(0, cut) });
  }
  const texts = (await ask('query', { query: inner, time })).result.map(({ metric: { __name__ = '', ...labels }, value }: any) => {
    const pairs = Object.entries(labels).map(([name, label]) => `${name}="${label}"`);
    return `${__name__}{${pairs.join(',')}} ${value[1]} ${value[0] * 1000}`;
  });
  const pattern = new RegExp(variable.regex.slice(1, -1));
  return texts.map((text: string) => text.match(pattern)?.[1]).filter(Boolean);
}

async function read(panel: any, values: Values, range: TimeRange, step: number): Promise<DataFrame[]> {
  const frames: DataFrame[] = [];
  for (const target of panel.targets) {
    const query = fill(target.expr, values);
    const [start, end] = [range.from, range.to].map((instant) => String(instant.valueOf() / 1000));
    const found = target.instant ? await ask('query', { query, time: end }) : await ask('query_range', { query, start, end, step: String(step) });
    const name = panel.targets.length > 1 ? `Value #${target.refId}` : 'Value';
    frames.push(...(target.format === 'table' ? [rows(found.result, target.refId, name)] : found.result.map((series: any) => curve(series, target))));
  }
  return frames;
}

function rows(result: any[], refId: string, name: string): DataFrame {
  const labels = [...new Set(result.flatMap((series) => Object.keys(series.metric)))].sort();
  return toDataFrame({
    refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: result.map((series) => series.value[0] * 1000) },
      ...labels.map((label) => ({ name: label, type: FieldType.string, values: result.map((series) => series.metric[label]) })),
      { name, type: FieldType.number, values: result.map((series) => Number(series.value[1])) },
    ],
  });
}

// What is not a number leaves a gap, as in Grafana.
function shown(value: string): number | null {
  const number = Number(value);
  return Number.isNaN(number) ? null : number;
}

function curve(series: any, target: any): DataFrame {
  const points: any[] = series.values ?? [series.value];
  const called = target.legendFormat?.replace(/\{\{\s*(.+?)\s*\}\}/g, (_: string, label: string) => series.metric[label] ?? '');
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: points.map(([instant]) => instant * 1000) },
      // Colours by name read the name after frames are joined, when the one for display is lost.
      { name: called || 'Value', type: FieldType.number, labels: series.metric, values: points.map(([, value]) => shown(value)), config: { displayNameFromDS: called || undefined } },
    ],
  });
}

async function draw(panel: any, values: Values, range: TimeRange, step: number, registry: any): Promise<Drawn> {
  const title = fill(panel.title, values);
  try {
    let frames = await read(panel, values, range, step);
    frames = await lastValueFrom(transformDataFrame(panel.transformations ?? [], frames, { interpolate: (text: string) => text } as any));
    const { defaults, overrides } = panel.fieldConfig;
    const thresholds = defaults.thresholds ?? { mode: 'absolute', steps: [{ value: null, color: 'text' }] };
    const fieldConfig = {
      overrides,
      defaults: {
        ...defaults,
        color: defaults.color ?? { mode: panel.type === 'stat' ? 'thresholds' : 'fixed', fixedColor: 'text' },
        custom: panel.type === 'timeseries' ? { ...DEFAULTS, ...defaults.custom } : defaults.custom,
        thresholds: { ...thresholds, steps: thresholds.steps.map((each: any) => ({ ...each, value: each.value ?? -Infinity })) },
      },
    };
    const data = applyFieldOverrides({ data: frames, fieldConfig, replaceVariables: (text) => fill(text, values), theme, timeZone: 'utc', fieldConfigRegistry: registry });
    cacheFieldDisplayNames(data);
    return { panel, title, frames: data };
  } catch (error) {
    return { panel, title, frames: [], error: String(error) };
  }
}

// Folded rows take one line, or are unfolded, their panels below them.
function placed(dashboard: any, unfolded: boolean): any[] {
  let shift = 0;
  return dashboard.panels.flatMap((panel: any) => {
    const own = { ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y + shift } };
    if (panel.type !== 'row' || !panel.collapsed || !unfolded) {
      return [own];
    }
    const top = Math.min(...panel.panels.map((inner: any) => inner.gridPos.y));
    const inside = panel.panels.map((inner: any) => ({ ...inner, gridPos: { ...inner.gridPos, y: inner.gridPos.y - top + own.gridPos.y + 1 } }));
    shift += Math.max(...inside.map((inner: any) => inner.gridPos.y + inner.gridPos.h)) - own.gridPos.y - 1;
    return [own, ...inside];
  });
}

function Page({ dashboard, values, parts, range, width }: any) {
  const cell = width / 24;
  const shown = dashboard.templating.list.filter((variable: any) => values[variable.name]);
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={{ position: 'relative', width, background: theme.colors.background.canvas, fontSize: 13 }}>
        <div style={{ display: 'flex', gap: 10, alignItems: 'center', height: HEADER, padding: '0 8px', overflow: 'hidden', whiteSpace: 'nowrap' }}>
          <b style={{ fontSize: 16, marginRight: 10 }}>{dashboard.title}</b>
          {shown.map((variable: any) => (
            <span key={variable.name} style={{ border: `1px solid ${theme.colors.border.medium}`, borderRadius: 4, padding: '3px 8px' }}>
              <span style={{ color: theme.colors.text.secondary }}>{variable.label} </span>
              {values[variable.name] === variable.allValue ? 'All' : values[variable.name]}
            </span>
          ))}
        </div>
        {parts.map(({ panel, drawn }: any) => {
          const { x, y, w, h } = panel.gridPos;
          const box = { position: 'absolute' as const, left: x * cell + GAP / 2, top: HEADER + y * CELL_HEIGHT, width: w * cell - GAP, height: h * CELL_HEIGHT - GAP };
          return (
            <div key={panel.id} style={box}>
              {drawn ? <Panel drawn={drawn} width={box.width} height={box.height} range={range} /> : <b>{panel.collapsed ? '›' : '⌄'} {fill(panel.title, values)}</b>}
            </div>
          );
        })}
      </div>
    </ThemeContext.Provider>
  );
}

// Whether a panel's own canvas or text is there, beside its heading.
function isDrawn(title: string): boolean {
  const heading = [...document.querySelectorAll('h2')].find((each) => each.textContent === title);
  const section = heading?.closest('section');
  return Boolean(section && !section.querySelector('[data-broken]') && (section.querySelector('canvas, [role=grid]') || section.textContent !== title));
}

const errors: string[] = [];
window.addEventListener('error', (event) => errors.push(String(event.error?.stack ?? event.message)));

async function main() {
  const given = new URLSearchParams(location.search);
  await initPluginTranslations('offkey-dashboards-drawn');
  const registry = register();
  const dashboard = await (await fetch('/dashboard.json')).json();
  const instant = (name: 'from' | 'to') => {
    const text = given.get(name) ?? dashboard.time[name];
    return /^\d+$/.test(text) ? dateTime(Number(text)) : dateTime(dateMath.toDateTime(text, { roundUp: name === 'to' }));
  };
  const range: TimeRange = { from: instant('from'), to: instant('to'), raw: dashboard.time };
  const seconds = (range.to.valueOf() - range.from.valueOf()) / 1000;
  const step = Math.max(15, Math.round(seconds / 600));
  const values = await variables(dashboard, String(range.to.valueOf() / 1000), given);
  Object.assign(values, { __rate_interval: `${Math.max(240, step + 60)}s`, __range: `${Math.round(seconds)}s`, __interval: `${step}s` });
  const width = Number(given.get('width') ?? 1400);
  const parts = [];
  for (const panel of placed(dashboard, given.has('unfold'))) {
    parts.push({ panel, drawn: panel.type === 'row' ? null : await draw(panel, values, range, step, registry) });
  }
  createRoot(document.getElementById('root')!).render(<Page {...{ dashboard, values, parts, range, width }} />);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const height = HEADER + CELL_HEIGHT * Math.max(...parts.map(({ panel }) => panel.gridPos.y + panel.gridPos.h));
  const panels = parts.flatMap(({ drawn }) => (drawn ? [{ title: drawn.title, frames: drawn.frames.filter((frame) => frame.fields.some((field) => field.type === FieldType.number && field.values.some((value) => Number.isFinite(value)))).length, isDrawn: isDrawn(drawn.title), error: drawn.error ?? '' }] : []));
  await fetch('/report', { method: 'POST', body: JSON.stringify({ values, height, panels, error: errors.join('\n') }) });
}

main().catch((error) => fetch('/report', { method: 'POST', body: JSON.stringify({ error: String(error.stack ?? error), panels: [], height: 0 }) }));
