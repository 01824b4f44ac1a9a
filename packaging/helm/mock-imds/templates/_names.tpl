{{- define "mock-imds.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "mock-imds.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "mock-imds.image" -}}
{{- .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion -}}
{{- end -}}

{{- define "mock-imds.serviceName" -}}
{{- .Values.serviceName | default (include "mock-imds.fullname" .) -}}
{{- end -}}

{{- define "mock-imds.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "mock-imds.fullname" .) "default") -}}
{{- end -}}

{{- define "mock-imds.configMap" -}}
{{- .Values.scenarioConfigMap | default (printf "%s-scenario" (include "mock-imds.fullname" . | trunc 54 | trimSuffix "-")) -}}
{{- end -}}

{{- /* "true" where mock-imds serves a scenario; else the program runs as amazon-ec2-metadata-mock. */ -}}
{{- define "mock-imds.hasScenario" -}}
{{- if or .Values.scenario .Values.scenarioConfigMap (ne .Values.mode "service") }}true{{ end -}}
{{- end -}}

{{- define "mock-imds.osKey" -}}{{ .Values.nodeSelectorTermsOs | default "kubernetes.io/os" }}{{- end -}}
{{- define "mock-imds.archKey" -}}{{ .Values.nodeSelectorTermsArch | default "kubernetes.io/arch" }}{{- end -}}

{{- define "mock-imds.selectorLabels" -}}
app.kubernetes.io/name: {{ include "mock-imds.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{ include "mock-imds.osKey" . }}: linux
{{- end -}}

{{- define "mock-imds.labels" -}}
app.kubernetes.io/name: {{ include "mock-imds.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}
