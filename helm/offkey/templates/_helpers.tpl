{{- define "offkey.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "offkey.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "offkey.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "offkey.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "offkey.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- define "offkey.selectorLabels" -}}
app.kubernetes.io/name: {{ include "offkey.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: exporter
{{- end }}

{{- define "offkey.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ include "offkey.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: offkey
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "offkey.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "offkey.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "offkey.image" -}}
{{- with .Values.image }}
{{- if .digest }}
{{- printf "%s@%s" .repository .digest }}
{{- else }}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "offkey.securityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
runAsNonRoot: true
{{- end }}

{{- define "offkey.scheme" -}}
{{- if .Values.webConfig.tls }}https{{ else }}http{{ end }}
{{- end }}

{{- /* What a probe asks; the first argument is the root, the second the path. */ -}}
{{- define "offkey.probe" -}}
{{- $root := index . 0 }}
{{- if $root.Values.webConfig.tcpProbes }}
tcpSocket:
  port: http-metrics
{{- else }}
httpGet:
  path: {{ index . 1 }}
  port: http-metrics
  scheme: {{ include "offkey.scheme" $root | upper }}
{{- end }}
{{- end }}

{{- define "offkey.endpoint" -}}
- port: http-metrics
  scheme: {{ include "offkey.scheme" . }}
  honorLabels: true
  {{- with .Values.serviceMonitor.interval }}
  interval: {{ . }}
  {{- end }}
  {{- with .Values.serviceMonitor.scrapeTimeout }}
  scrapeTimeout: {{ . }}
  {{- end }}
  {{- with .Values.serviceMonitor.tlsConfig }}
  tlsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.serviceMonitor.basicAuth }}
  basicAuth:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.serviceMonitor.relabelings }}
  relabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.serviceMonitor.metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- /* Name of a shard's objects; the first argument is the root, the second the shard. */ -}}
{{- define "offkey.shardname" -}}
{{- $root := index . 0 }}
{{- if gt (int $root.Values.shards) 1 }}
{{- printf "%s-%d" (include "offkey.fullname" $root | trunc 59 | trimSuffix "-") (int (index . 1)) }}
{{- else }}
{{- include "offkey.fullname" $root }}
{{- end }}
{{- end }}
