{{- define "client.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}
{{- define "client.pod" -}}
terminationGracePeriodSeconds: 1
priorityClassName: {{ .Values.priorityClass.name }}
{{- end -}}
{{- define "client.monitor" -}}
{{ .Release.Name }}-resource-monitor
{{- end -}}
