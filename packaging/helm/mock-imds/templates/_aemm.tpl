{{- /* The variables of amazon-ec2-metadata-mock: each that is not empty, 0 or false; the host name always. */ -}}
{{- define "mock-imds.aemmEnvironment" -}}
{{- $aemm := .Values.aemm -}}
- name: AEMM_SERVER_HOSTNAME
  value: {{ $aemm.server.hostname | quote }}
{{- if .Values.configMap }}
- name: AEMM_CONFIG_FILE
  value: /config/{{ .Values.configMapFileName | default "aemm-config.json" }}
{{- end }}
{{- $variables := list
    (list "AEMM_MOCK_DELAY_SEC" (int64 $aemm.mockDelaySec))
    (list "AEMM_MOCK_TRIGGER_TIME" $aemm.mockTriggerTime)
    (list "AEMM_MOCK_IP_COUNT" (int64 $aemm.mockIPCount))
    (list "AEMM_IMDSV2" (eq (toString $aemm.imdsv2) "true"))
    (list "AEMM_REBALANCE_DELAY_SEC" (int64 $aemm.rebalanceDelaySec))
    (list "AEMM_REBALANCE_TRIGGER_TIME" $aemm.rebalanceTriggerTime)
    (list "AEMM_SPOT_ACTION" $aemm.spot.action)
    (list "AEMM_SPOT_TIME" $aemm.spot.time)
    (list "AEMM_SPOT_REBALANCE_REC_TIME" $aemm.spot.rebalanceRecTime)
    (list "AEMM_EVENTS_CODE" $aemm.events.code)
    (list "AEMM_EVENTS_NOT_AFTER" $aemm.events.notAfter)
    (list "AEMM_EVENTS_NOT_BEFORE" $aemm.events.notBefore)
    (list "AEMM_EVENTS_NOT_BEFORE_DEADLINE" $aemm.events.notBeforeDeadline)
    (list "AEMM_EVENTS_STATE" $aemm.events.state) }}
{{- range $variables }}
{{- if index . 1 }}
- name: {{ index . 0 }}
  value: {{ index . 1 | toString | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "mock-imds.aemmContainer" -}}
# Not the name of the server with a scenario: that one has a probe, and an API server that merges the two by their name refuses a rest of it.
- name: ec2-metadata-mock
  image: {{ include "mock-imds.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  # In both images, and in that of amazon-ec2-metadata-mock.
  command: [/ec2-metadata-mock]
  {{- with concat .Values.arguments .Values.linuxArguments }}
  args:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  env:
    {{- include "mock-imds.aemmEnvironment" . | nindent 4 }}
  securityContext:
    {{- include "mock-imds.unprivileged" . | nindent 4 }}
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  {{- if .Values.configMap }}
  volumeMounts:
    - name: aemm-config
      mountPath: /config/{{ .Values.configMapFileName | default "aemm-config.json" }}
      subPath: {{ .Values.configMapFileName | default "aemm-config.json" }}
      readOnly: true
  {{- end }}
{{- end -}}
