{{- /* Parts of pods that more than one kind of workload has. */ -}}

{{- /* Of several tables the last takes precedence. Kubernetes wants text: true and 1 get quotes. */ -}}
{{- define "mock-imds.annotations" -}}
{{- $all := dict -}}
{{- range $annotations := . -}}
{{- range $key, $value := $annotations -}}
{{- $_ := set $all $key (kindIs "string" $value | ternary $value (toJson $value)) -}}
{{- end -}}
{{- end -}}
{{- with $all }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- /* The nodes that the image has a program for. */ -}}
{{- define "mock-imds.affinity" -}}
nodeAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    nodeSelectorTerms:
      - matchExpressions:
          - key: {{ include "mock-imds.osKey" . }}
            operator: In
            values: [linux]
          - key: {{ include "mock-imds.archKey" . }}
            operator: In
            values: [amd64, arm64]
{{- end -}}

{{- define "mock-imds.unprivileged" -}}
runAsUser: {{ .Values.securityContext.runAsUserID | int64 }}
runAsGroup: {{ .Values.securityContext.runAsGroupID | int64 }}
runAsNonRoot: true
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- /* NET_ADMIN is of use to root alone. */ -}}
{{- define "mock-imds.networkAdministrator" -}}
runAsUser: 0
runAsGroup: 0
runAsNonRoot: false
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
  add: [NET_ADMIN]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- /* Address and tables: `(list CONTEXT NAME COMMAND)`. */ -}}
{{- define "mock-imds.netContainer" -}}
{{- $context := index . 0 -}}
{{- $takeover := kindIs "bool" $context.Values.allowTakeover | ternary $context.Values.allowTakeover (eq $context.Values.mode "sidecar") -}}
- name: {{ index . 1 }}
  image: {{ include "mock-imds.image" $context }}
  imagePullPolicy: {{ $context.Values.image.pullPolicy }}
  command: [/usr/bin/mock-imds]
  args: [net, {{ index . 2 }}{{ if $takeover }}, --allow-takeover{{ end }}]
  securityContext:
    {{- include "mock-imds.networkAdministrator" $context | nindent 4 }}
  resources:
    requests: { cpu: 10m, memory: 16Mi }
    limits: { cpu: 100m, memory: 64Mi }
  volumeMounts:
    - name: mock-imds-scenario
      mountPath: /etc/mock-imds
      readOnly: true
    - name: mock-imds-net
      mountPath: /run/mock-imds-net
{{- end -}}

{{- /* Where the server listens at the real addresses, as JSON. */ -}}
{{- define "mock-imds.addresses" -}}
{{- $known := dict "imds" "169.254.169.254:1690" "ecs" "169.254.170.2:1690" "pod-identity" "169.254.170.23:1690" -}}
{{- $addresses := list -}}
{{- range .Values.endpoints -}}{{- $addresses = append $addresses (index $known .) -}}{{- end -}}
{{- if .Values.ipv6 -}}
{{- /* Amazon ECS has none. */ -}}
{{- $known := dict "imds" "[fd00:ec2::254]:1690" "pod-identity" "[fd00:ec2::23]:1690" -}}
{{- range .Values.endpoints -}}{{- with index $known . -}}{{- $addresses = append $addresses . -}}{{- end -}}{{- end -}}
{{- end -}}
{{- toJson $addresses -}}
{{- end -}}

{{- /* The server: `(list CONTEXT ADDRESSES PROBE)`. */ -}}
{{- define "mock-imds.serverContainer" -}}
{{- $context := index . 0 -}}
- name: mock-imds
  image: {{ include "mock-imds.image" $context }}
  imagePullPolicy: {{ $context.Values.image.pullPolicy }}
  command: [/usr/bin/mock-imds]
  args:
    - serve
    - --watch
    {{- range index . 1 }}
    - --listen
    - {{ if hasPrefix "[" . }}{{ quote . }}{{ else }}{{ . }}{{ end }}
    {{- end }}
    {{- with concat $context.Values.arguments $context.Values.linuxArguments }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if eq $context.Values.mode "daemonset" }}
  env:
    # Each node plays an EC2 instance of its own.
    - name: MOCK_IMDS_NODE
      valueFrom:
        fieldRef:
          fieldPath: spec.nodeName
    - name: MOCK_IMDS_NODE_ADDRESSES
      valueFrom:
        fieldRef:
          fieldPath: status.hostIP
  {{- end }}
  {{- if eq $context.Values.mode "sidecar" }}
  restartPolicy: Always
  {{- end }}
  {{- if or $context.Values.control.enabled (ne $context.Values.mode "sidecar") }}
  {{ index . 2 }}:
    {{- if $context.Values.control.enabled }}
    # Not by HTTP: the probe would be one of the requests that the scenario answers, counts and lists.
    exec:
      command: [/usr/bin/mock-imds, status]
    {{- else }}
    # A probe that an upgrade takes away as a whole leaves one without a handler at older API servers, which they refuse. The kubelet
    # reaches no address of a sidecar.
    {{- $address := index . 1 | first }}
    tcpSocket:
      {{- if eq $context.Values.mode "daemonset" }}
      host: {{ $address | splitList ":" | first }}
      {{- end }}
      port: {{ $address | splitList ":" | last }}
    {{- end }}
    periodSeconds: {{ eq $context.Values.mode "sidecar" | ternary 1 5 }}
  {{- end }}
  securityContext:
    {{- include "mock-imds.unprivileged" $context | nindent 4 }}
  resources:
    {{- toYaml $context.Values.resources | nindent 4 }}
  volumeMounts:
    # The directory: files mounted by subPath are never updated.
    - name: mock-imds-scenario
      mountPath: /etc/mock-imds
      readOnly: true
    - name: mock-imds-state
      mountPath: /var/lib/mock-imds
    {{- if $context.Values.control.enabled }}
    - name: mock-imds-run
      mountPath: /run/mock-imds
    {{- end }}
{{- end -}}

{{- define "mock-imds.volumes" -}}
- name: mock-imds-scenario
  configMap:
    name: {{ include "mock-imds.configMap" . }}
- name: mock-imds-state
  emptyDir: {}
{{- if .Values.control.enabled }}
- name: mock-imds-run
  emptyDir: {}
{{- end }}
{{- if ne .Values.mode "service" }}
- name: mock-imds-net
  emptyDir: {}
{{- end }}
{{- end -}}

{{- /* For the pods of a chart that has this one as a dependency:
       include "mock-imds.sidecar.initContainers" (index .Subcharts "mock-imds") */ -}}
{{- define "mock-imds.sidecar.initContainers" -}}
# Adds the address to the pod's "lo" and the redirect from port 80, then ends. Both go with the pod.
{{ include "mock-imds.netContainer" (list . "mock-imds-net" "up") }}
# Up before the pod's own containers start.
{{ include "mock-imds.serverContainer" (list . (include "mock-imds.addresses" . | fromJsonArray) "startupProbe") }}
{{- end -}}

{{- define "mock-imds.sidecar.volumes" -}}
{{ include "mock-imds.volumes" . }}
{{- end -}}
