"""What replays of rules and signals need from files and servers, and how their results are shown."""
