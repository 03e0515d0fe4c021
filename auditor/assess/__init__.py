"""From evidence to an assessment: observe indicators, rate cells, find levels. No network, no clock, no files."""
