"""How fast and how large: each figure beside a floor or a peer measured in the same run. 性能基准"""
