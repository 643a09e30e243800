"""`python -m zhaodan`. 命令行入口"""

import sys

from zhaodan import main

sys.exit(main())
