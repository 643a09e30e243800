"""Real cases retold as data, and the people who carry them. 演示案件"""
