"""Reports: an assessment as terminal table, JSON, Markdown and one HTML page, each from the assessment alone."""
