{{- /* What cannot be done is refused, in a sentence; the schema has the forms of single values. */ -}}
{{- define "mock-imds.refusals" -}}
{{- $values := .Values -}}
{{- if ne (trim (lower $values.targetNodeOs)) "linux" -}}
{{- fail (printf "targetNodeOs is %q; the image is for Linux alone. Accepted: \"linux\"" $values.targetNodeOs) -}}
{{- end -}}
{{- if $values.rbac.pspEnabled -}}
{{- fail "rbac.pspEnabled is true; Kubernetes has no PodSecurityPolicy since 1.25. Leave it out; the pods meet the Pod Security Standard \"restricted\", those with NET_ADMIN excepted" -}}
{{- end -}}
{{- if and $values.scenario $values.scenarioConfigMap -}}
{{- fail "scenario and scenarioConfigMap are both set; the ConfigMap is in the place of the text. Set one of them" -}}
{{- end -}}
{{- if include "mock-imds.hasScenario" . -}}
{{- $set := list -}}
{{- range $key, $value := dict "aemm.mockDelaySec" $values.aemm.mockDelaySec "aemm.mockTriggerTime" $values.aemm.mockTriggerTime "aemm.imdsv2" $values.aemm.imdsv2 "aemm.rebalanceDelaySec" $values.aemm.rebalanceDelaySec "aemm.rebalanceTriggerTime" $values.aemm.rebalanceTriggerTime "aemm.server.hostname" $values.aemm.server.hostname "configMap" $values.configMap -}}
{{- if $value -}}{{- $set = append $set $key -}}{{- end -}}
{{- end -}}
{{- range $group := list "spot" "events" -}}
{{- range $key, $value := index $values.aemm $group -}}
{{- if $value -}}{{- $set = append $set (printf "aemm.%s.%s" $group $key) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $set -}}
{{- fail (printf "%s is for \"mode: service\" without a scenario, where the program runs as amazon-ec2-metadata-mock. Leave it out, or leave out scenario; `mock-imds import aemm FILE` makes a scenario of its configuration file" (join ", " $set)) -}}
{{- end -}}
{{- end -}}
{{- with concat $values.arguments $values.linuxArguments -}}
{{- if and (include "mock-imds.hasScenario" $) (not (hasPrefix "-" (first .))) -}}
{{- fail (printf "arguments begin with %q; with a scenario they are options of `mock-imds serve`, such as \"--fallback\". Leave it out, or leave out scenario to run the command of amazon-ec2-metadata-mock" (first .)) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $values.mode "sidecar") .Capabilities.KubeVersion.Major -}}
{{- if semverCompare "<1.29-0" .Capabilities.KubeVersion.Version -}}
{{- fail (printf "mode is \"sidecar\", and Kubernetes is %s; an init container that goes on running needs 1.29. Use \"mode: daemonset\" or \"mode: service\"" .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $values.mode "service") (ne (toJson $values.endpoints) "[\"imds\"]") -}}
{{- fail (printf "endpoints is %s; with \"mode: service\" the pods have none of these addresses, and SDKs take credentials over http from no other. Leave it out, or set \"mode: sidecar\" or \"mode: daemonset\"" (toJson $values.endpoints)) -}}
{{- end -}}
{{- if and (eq $values.mode "service") $values.ipv6 -}}
{{- fail "ipv6 is true; with \"mode: service\" the pods have none of these addresses. Leave it out, or set \"mode: sidecar\" or \"mode: daemonset\"" -}}
{{- end -}}
{{- if and $values.scenarioConfigMap $values.bridges (ne $values.mode "service") -}}
{{- fail "bridges become host.toml of the chart's ConfigMap, and scenarioConfigMap is in its place. Put host.toml into yours" -}}
{{- end -}}
{{- end -}}
