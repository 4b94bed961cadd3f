"""hdfs-native.py URL make|change|get ...: trees in HDFS through the hdfs-native client, for Benchmarks/hdfs.

make DIR COUNT PER-DIRECTORY; change DIR COUNT ROUND OF PER-DIRECTORY; get DIR LOCAL
"""

import concurrent.futures
import os
import shutil
import sys

import hdfs_native

url, verb, folder, *rest = sys.argv[1:]
client = hdfs_native.Client(url)


def write(path, text):
    with client.create(path, hdfs_native.WriteOptions(overwrite=True)) as file:
        file.write(text.encode())


def make(count, per):
    def directory(number):
        client.mkdirs(f"{folder}/d{number:05}", 0o755, True)
        for index in range(number * per, min(count, (number + 1) * per)):
            write(f"{folder}/d{number:05}/f{index:07}", f"file {index}\n" * (1 + index % 20))

    # The end of each file is waited for, 400 ms at a time.
    with concurrent.futures.ThreadPoolExecutor(256) as pool:
        for _ in pool.map(directory, range((count + per - 1) // per)):
            pass


def change(count, turn, of, per):
    for index in range(count):
        number = (index * (of // count) + turn) % of
        write(f"{folder}/d{number // per:05}/f{number:07}", f"changed in {turn} {index}\n")


def get(target):
    for entry in client.list_status(folder, True):
        if entry.isdir:
            continue
        place = os.path.join(target, os.path.relpath(entry.path, folder))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with client.read(entry.path) as source, open(place, "wb") as file:
            shutil.copyfileobj(source, file, 4 << 20)


if verb == "make":
    make(int(rest[0]), int(rest[1]))
elif verb == "change":
    change(*(int(word) for word in rest))
elif verb == "get":
    get(rest[0])
