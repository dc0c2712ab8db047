{{/* Names, labels and parts of pods that several files use. A part of a role takes a dict: root, role. */}}

{{- define "shortlist.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end -}}
{{- end -}}

{{- define "shortlist.roleName" -}}{{ include "shortlist.name" .root }}-{{ .role }}{{- end -}}

{{- define "shortlist.selector" -}}
app.kubernetes.io/name: shortlist
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "shortlist.labels" -}}
{{ include "shortlist.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{- define "shortlist.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "shortlist.name" .) }}
{{- else }}{{ .Values.serviceAccount.name | default "default" }}{{ end -}}
{{- end -}}

{{- define "shortlist.bundlesClaim" -}}
{{ .Values.bundles.existingClaim | default (printf "%s-bundles" (include "shortlist.name" .)) }}
{{- end -}}

{{/* Where a role finds the servers: each pod by its own address, so that callers spread their calls. */}}
{{- define "shortlist.serverAddress" -}}
dns:///{{ include "shortlist.name" . }}-server.{{ .Release.Namespace }}.svc:{{ .Values.server.service.port }}
{{- end -}}

{{/* What all pods are: nobody's root, no token of the cluster, no variables named after services. */}}
{{- define "shortlist.pod" -}}
serviceAccountName: {{ include "shortlist.serviceAccount" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- toYaml .root.Values.podSecurityContext | nindent 2 }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- $settings := index .root.Values .role }}
{{- with $settings.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Spreads a role's pods over zones, and over machines within them. */}}
{{- define "shortlist.spread" -}}
{{- $labels := include "shortlist.selector" . -}}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- $labels | nindent 8 }}
  {{- end }}
{{- end -}}

{{/* What all containers are: the image, and a file system that nobody writes to. */}}
{{- define "shortlist.container" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* For whoever calls servers that speak TLS: variables, mount, volume. */}}
{{- define "shortlist.callerEnv" -}}
{{- if .Values.tls.secretName }}
- {name: SHORTLIST_ROOT_CERTIFICATES, value: /etc/shortlist/tls/ca.crt}
{{- if .Values.tls.clientSecretName }}
- {name: SHORTLIST_CERTIFICATE_CHAIN, value: /etc/shortlist/tls/tls.crt}
- {name: SHORTLIST_PRIVATE_KEY, value: /etc/shortlist/tls/tls.key}
{{- end }}
{{- end }}
{{- end -}}

{{- define "shortlist.callerMounts" -}}
- {name: temporary, mountPath: /tmp}
{{- if .Values.tls.secretName }}
- {name: tls, mountPath: /etc/shortlist/tls, readOnly: true}
{{- end }}
{{- end -}}

{{- define "shortlist.callerVolumes" -}}
- {name: temporary, emptyDir: {medium: Memory, sizeLimit: 64Mi}}
{{- if .Values.tls.clientSecretName }}
- {name: tls, secret: {secretName: {{ .Values.tls.clientSecretName }}}}
{{- else if .Values.tls.secretName }}
- {name: tls, secret: {secretName: {{ .Values.tls.secretName }}, items: [{key: ca.crt, path: ca.crt}]}}
{{- end }}
{{- end -}}

{{- define "shortlist.redisPassword" -}}
{{- with .Values.state.passwordSecret }}
{{- if .name }}
- name: SHORTLIST_REDIS_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ .name }}, key: {{ .key }}}}
{{- end }}
{{- end }}
{{- end -}}

{{/* What pods may reach, for network policies. */}}
{{- define "shortlist.toNames" -}}
- ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}] # names
{{- end -}}

{{- define "shortlist.toState" -}}
- ports: [{protocol: TCP, port: {{ .Values.state.port }}}]
  {{- with .Values.networkPolicy.state }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
