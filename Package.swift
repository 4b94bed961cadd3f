// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let strategyBase: [Target.Dependency] = [
    "Model", "HostIO", "ResticFormat", "ObjectStorage", "RepositoryEngine", "Archiving", "StoreContract",
]

/// The layers, bottom first. A target may import only what stands above it in this list.
let layers: [Target] = [
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .target(name: "CHost"),
    layer("Model", [.product(name: "Yams", package: "Yams")]),
    layer("HostIO", ["Model", "CHost"]),
    layer("ResticFormat", ["Model"]),
    layer(
        "WebHDFS",
        [
            "Model", "HostIO", .product(name: "AsyncHTTPClient", package: "async-http-client"),
            .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ]),
    layer(
        "WebServer",
        [
            "Model", "HostIO", .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ]),
    layer("ObjectStorage", ["Model", "HostIO"]),
    layer("HDFSStorage", ["Model", "HostIO", "WebHDFS", "ObjectStorage"]),
    layer("RepositoryEngine", ["Model", "HostIO", "ResticFormat", "ObjectStorage", "CZstd", "CCrypto"]),
    layer("Archiving", ["Model", "HostIO", "ResticFormat", "RepositoryEngine", "CHost"]),
    layer("StoreContract", ["Model", "HostIO", "ResticFormat", "Archiving"], path: "Stores/Contract"),
    layer("NativeImages", ["Model", "HostIO", "Archiving", "CHost"], path: "Stores/Native"),
    layer(
        "DirectoryStore", ["Model", "HostIO", "ResticFormat", "Archiving", "StoreContract", "NativeImages", "CHost"],
        path: "Stores/Directory"),
    layer("SQLiteStore", ["Model", "HostIO", "ResticFormat", "Archiving", "StoreContract", "CSQLite"], path: "Stores/SQLite"),
    layer(
        "HDFSStore", ["Model", "HostIO", "ResticFormat", "Archiving", "StoreContract", "WebHDFS"], path: "Stores/HDFS"),
    layer(
        "PostgresStore", ["Model", "HostIO", "ResticFormat", "Archiving", "StoreContract", "NativeImages", "CHost", "CPQ"],
        path: "Stores/Postgres"),
    layer("Clusters", strategyBase, path: "Strategies/Clusters"),
    layer("Snapshots", strategyBase + ["Clusters"], path: "Strategies/Snapshots"),
    layer("Backups", strategyBase + ["Clusters", "Snapshots"], path: "Strategies/Backups"),
    layer("Standby", strategyBase + ["Clusters", "Snapshots", "Backups"], path: "Strategies/Standby"),
    layer(
        "Wiring",
        strategyBase + ["Clusters", "DirectoryStore", "SQLiteStore", "HDFSStore", "PostgresStore", "HDFSStorage", "WebHDFS"]),
    layer("Service", ["Model", "HostIO", "StoreContract", "Clusters", "Snapshots", "Backups", "Standby"]),
    layer("Demo", strategyBase + ["Clusters", "Snapshots", "Backups", "SQLiteStore"]),
    layer(
        "Commands",
        strategyBase + [
            "Clusters", "Snapshots", "Backups", "Standby", "Service", "Demo", "WebServer",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
    .executableTarget(
        name: "holdfast",
        dependencies: ["Commands", "Clusters", "Wiring", "Model", "HostIO"], swiftSettings: strict),
]

func layer(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(path ?? name)", swiftSettings: strict)
}

/// Test targets mirror the sources; `TestSupport` carries what they share (scratch folders, real servers, contract suites).
let everything: [Target.Dependency] = [
    "Model", "HostIO", "ResticFormat", "WebHDFS", "WebServer", "ObjectStorage", "HDFSStorage", "RepositoryEngine", "Archiving",
    "StoreContract",
    "DirectoryStore", "SQLiteStore", "HDFSStore", "PostgresStore", "NativeImages", "Clusters", "Snapshots", "Backups", "Standby", "Service",
    "Wiring",
    "Demo", "Commands", "TestSupport", "CSQLite", "CHost", "CCrypto",
    .product(name: "AsyncHTTPClient", package: "async-http-client"), .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
]

func tests(_ name: String, resources: [Resource]? = nil) -> Target {
    .testTarget(name: name, dependencies: everything, path: "Tests/\(name)", resources: resources, swiftSettings: strict)
}

/// Built by Benchmarks/run alone.
let benchmarks: [Target] = [
    .executableTarget(
        name: "engine-bench",
        dependencies: ["Model", "HostIO", "ResticFormat", "ObjectStorage", "RepositoryEngine", "Archiving"],
        path: "Benchmarks/EngineBench", swiftSettings: strict)
]

/// HOLDFAST_TESTS in the environment, as "ModelTests StoresTests", builds only those: a change far down compiles all of them anew otherwise.
let testTargets: [Target] =
    [
        .target(
            name: "TestSupport",
            dependencies: [
                "Model", "HostIO", "ResticFormat", "ObjectStorage", "RepositoryEngine", "Archiving", "StoreContract",
            ],
            path: "Tests/Support", swiftSettings: strict)
    ]
    + [
        tests("ModelTests"),
        tests("HostIOTests"),
        tests("ResticFormatTests", resources: [.copy("Fixtures")]),
        tests("WebHDFSTests"),
        tests("ObjectStorageTests"),
        tests("HDFSStorageTests"),
        tests("RepositoryEngineTests"),
        tests("ArchivingTests"),
        tests("StoresTests"),
        tests("StrategiesTests"),
        tests("CommandsTests"),
        tests("Interop"),
        tests("Cluster"),
    ].filter { target in
        guard let wanted = Context.environment["HOLDFAST_TESTS"] else { return true }
        return wanted.split(separator: " ").contains { $0 == target.name }
    }

let package = Package(
    name: "holdfast",
    products: [.executable(name: "holdfast", targets: ["holdfast"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    ],
    targets: layers + (Context.environment["HOLDFAST_BENCH"] == nil ? [] : benchmarks) + testTargets
)
