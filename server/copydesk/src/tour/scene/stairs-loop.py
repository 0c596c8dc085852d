"""In how many ways can stairs be climbed, one or two steps at a time?"""


def ways(steps: int) -> int:
    before, now = 1, 1
    for _ in range(steps - 1):
        before, now = now, before + now
    return now


if __name__ == "__main__":
    print(ways(10))
