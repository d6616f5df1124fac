"""A Kubernetes cluster, as kube-state-metrics, cAdvisor, the kubelet and the API server tell."""
