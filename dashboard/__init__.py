"""callscope: an oscilloscope for live voice-bot calls."""
