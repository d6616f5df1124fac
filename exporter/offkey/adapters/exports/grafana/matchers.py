"""What queries of dashboards are about: offkey and its signals, the chosen series, the alerts of its rules."""

OF_EXPORTER = 'job=~"$job",instance=~"$instance"'
OF_SIGNAL = 'signal="$signal"'
OF_SERIES = f"{OF_SIGNAL},${{series:raw}}"  # with the labels of its source
OF_ALERTS = ('offkey_rule!=""', 'alertname=~"Offkey.+"')  # of generated rules, and of those that watch offkey

FIRING = " or ".join(f'ALERTS{{alertstate="firing",{alerts}}}' for alerts in OF_ALERTS)


def without_scrape_labels(metric: str) -> str:
    """Take off the job and instance that are only there because offkey was scraped; a source's own ones stay."""
    scraped = "on (job, instance) offkey_build_info"
    return f"max without (job, instance) ({metric} and {scraped}) or max without () ({metric} unless {scraped})"


def or_none(counted: str, label: str, there: str) -> str:
    """Return what counts things by a label; while there is nothing to count but `there` has series, `none` is at 0."""
    return f'{counted} or on () label_replace(0 * count({there}), "{label}", "none", "", "")'
