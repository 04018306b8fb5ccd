#!/usr/bin/env python
"""Django's command line for this project."""

import sys

from django.core.management import execute_from_command_line

from emitter import environment

if __name__ == "__main__":
    environment.settings_module()
    execute_from_command_line(sys.argv)
