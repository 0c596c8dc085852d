def double(price):
    return
