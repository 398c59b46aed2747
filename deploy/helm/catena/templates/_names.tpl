{{- define "catena.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "catena.labels" -}}
app.kubernetes.io/name: catena
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- /* Labels that never change: what selectors ask for. Takes [root, service]. */ -}}
{{- define "catena.selector" -}}
app.kubernetes.io/name: catena
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "catena.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- .Values.image.repository }}:{{ $tag }}{{ with .Values.image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{- define "catena.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "catena.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- /* The services of the layout, as a list in JSON. */ -}}
{{- define "catena.services" -}}
{{- if eq .Values.layout "all" -}}
["all"]
{{- else -}}
["ingress","module-processor","downloader","parser","error-threshold"]
{{- end -}}
{{- end -}}

{{- /* The service that clients call. */ -}}
{{- define "catena.entrance" -}}
{{- if eq .Values.layout "all" -}}all{{- else -}}ingress{{- end -}}
{{- end -}}

{{- /* The settings of all services: those that follow from the chart, under those that are given. */ -}}
{{- define "catena.settings" -}}
{{- $name := include "catena.name" . -}}
{{- $address := printf "%s-%%s.%s.svc:4950" $name .Release.Namespace -}}
{{- $own := dict
  "grpc" (dict "listen" "0.0.0.0:4950")
  "metrics" (dict "listen" "http://0.0.0.0:9464")
-}}
{{- if ne .Values.layout "all" -}}
{{- range $setting, $service := dict "module_processor" "module-processor" "error_threshold" "error-threshold" -}}
{{- $_ := set $own.grpc $setting (printf $address $service) -}}
{{- end -}}
{{- end -}}
{{- with .Values.modules.load -}}
{{- $paths := list -}}
{{- range . -}}{{- $paths = append $paths (printf "/app/modules/%s" .) -}}{{- end -}}
{{- $_ := set $own "modules" (dict "files" (join "," $paths)) -}}
{{- end -}}
{{- if .Values.api.enabled -}}
{{- $api := dict "listen" "0.0.0.0:8080" -}}
{{- with .Values.api.allowedHosts -}}{{- $_ := set $api "allowed_hosts" (join "," .) -}}{{- end -}}
{{- $_ := set $own "api" $api -}}
{{- end -}}
{{- if .Values.tls.secret -}}
{{- $_ := set $own.grpc "tls_cert" "/etc/catena/tls/tls.crt" -}}
{{- $_ := set $own.grpc "tls_key" "/etc/catena/tls/tls.key" -}}
{{- $_ := set $own.grpc "tls_ca" "/etc/catena/tls/ca.crt" -}}
{{- $_ := set $own.grpc "tls_client_auth" .Values.tls.clientAuth -}}
{{- end -}}
{{- with .Values.tracing.endpoint -}}
{{- $_ := set $own "otel" (dict "endpoint" . "sample_ratio" $.Values.tracing.sampleRatio) -}}
{{- end -}}
{{- toYaml (mergeOverwrite $own (deepCopy .Values.settings)) -}}
{{- end -}}

{{- /* Secret settings, each with the key of the Secret that holds it, as JSON. */ -}}
{{- define "catena.secretSettings" -}}
{{- $keys := .Values.secret.keys -}}
{{- $all := dict
  "cache.redis" $keys.redis
  "nats.url" $keys.nats
  "store.url" $keys.postgres
  "grpc.tokens" $keys.grpcTokens
  "grpc.token" $keys.grpcToken
  "metrics.token" $keys.metricsToken
-}}
{{- toJson (merge (deepCopy .Values.secret.more) $all) -}}
{{- end -}}

{{- /* The environment that names the file of each secret setting. */ -}}
{{- define "catena.secretEnvironment" -}}
{{- range $setting, $key := include "catena.secretSettings" . | fromJson }}
- name: CATENA_{{ $setting | upper | replace "." "_" }}_FILE
  value: /etc/catena/secrets/{{ $setting }}
{{- end }}
{{- end -}}

{{- /* The volume with those files. */ -}}
{{- define "catena.secretVolume" -}}
name: secrets
secret:
  secretName: {{ .Values.secret.name }}
  defaultMode: 288 # 0440
  items:
    {{- range $setting, $key := include "catena.secretSettings" . | fromJson }}
    - { key: {{ $key }}, path: {{ $setting }} }
    {{- end }}
{{- end -}}

{{- define "catena.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "catena.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}
