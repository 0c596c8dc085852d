"""In how many ways can stairs be climbed, one or two steps at a time?"""


def ways(steps: int) -> int:
    if steps < 2:
        return 1
    return ways(steps - 1) + ways(steps - 2)


if __name__ == "__main__":
    print(ways(10))
