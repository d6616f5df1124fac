// Draws one panel of a dashboard with Grafana's own components.
import React from 'react';
import { DataFrame, FieldType, TimeRange, createTheme, getFieldDisplayName, reduceField } from '@grafana/data';
import { BigValue, BigValueColorMode, BigValueGraphMode, BigValueTextMode, PanelChrome, TimeSeries } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { LegendDisplayMode } from '@grafana/schema';

export const theme = createTheme({ colors: { mode: 'dark' } });

export interface Drawn {
  panel: any;
  title: string;
  frames: DataFrame[];
  error?: string;
}

interface Box {
  drawn: Drawn;
  width: number;
  height: number;
  range: TimeRange;
}

export function Panel({ drawn, width, height, range }: Box) {
  return (
    <PanelChrome title={drawn.title} description={drawn.panel.description} width={width} height={height}>
      {(innerWidth, innerHeight) => (
        <Guard>
          <Content drawn={drawn} width={innerWidth} height={innerHeight} range={range} />
        </Guard>
      )}
    </PanelChrome>
  );
}

class Guard extends React.Component<React.PropsWithChildren, { error?: Error }> {
  state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  render() {
    return this.state.error ? <pre data-broken>{String(this.state.error.stack)}</pre> : this.props.children;
  }
}

function Content({ drawn, width, height, range }: Box) {
  const { panel, frames } = drawn;
  if (drawn.error || frames.every((frame) => frame.length === 0)) {
    const words = drawn.error ?? panel.fieldConfig.defaults.noValue ?? 'No data';
    return <div style={{ display: 'grid', placeItems: 'center', height, color: theme.colors.text.secondary, textAlign: 'center' }}>{words}</div>;
  }
  if (panel.type === 'timeseries') {
    return <TimeSeries frames={frames} width={width} height={height} timeRange={range} timeZone="utc" legend={panel.options.legend ?? { displayMode: LegendDisplayMode.List, placement: 'bottom', showLegend: true, calcs: [] }} />;
  }
  if (panel.type === 'table') {
    return <TableNG data={frames[0]} width={width} height={height} sortBy={panel.options.sortBy} fieldConfig={panel.fieldConfig} />;
  }
  return <Figure drawn={drawn} width={width} height={height} />;
}

function Figure({ drawn, width, height }: Omit<Box, 'range'>) {
  const field = drawn.frames[0].fields.find((each) => each.type === FieldType.number)!;
  const value = field.display!(reduceField({ field, reducers: ['lastNotNull'] }).lastNotNull);
  const named = drawn.panel.options.textMode === 'name';
  return (
    <BigValue
      width={width}
      height={height}
      theme={theme}
      colorMode={drawn.panel.options.colorMode as BigValueColorMode}
      graphMode={BigValueGraphMode.None}
      textMode={named ? BigValueTextMode.Name : BigValueTextMode.Value}
      text={drawn.panel.options.text}
      value={named ? { ...value, title: getFieldDisplayName(field, drawn.frames[0]) } : value}
    />
  );
}
