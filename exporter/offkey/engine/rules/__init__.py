"""From what the past says about a signal to its rule file: rules in one of two forms, sentences, tests, evidence."""
