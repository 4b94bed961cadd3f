import Model

/// The interface as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0) has it.
enum OpenAPIDocument {
    static let value: JSONValue = [
        "openapi": "3.1.0",
        "info": [
            "title": "Holdfast", "version": "1",
            "description": .text(
                "What the commands of holdfast show and do, of one cluster, with the same JSON. Changes are made by tasks: an answer of 202 names the task to ask for."
            ),
            "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
        ],
        "security": [["token": []]],
        "paths": .object(paths),
        "components": [
            "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
            "schemas": .object(APISchema.components.mapValues(APISchema.object)),
        ],
    ]

    private static var paths: [String: JSONValue] {
        var paths = own
        for operation in APIOperations.all {
            var item: [String: JSONValue] = [:]
            if case .object(let known)? = paths[operation.path] { item = known }
            item[operation.method.rawValue.lowercased()] = describe(operation)
            paths[operation.path] = .object(item)
        }
        return paths
    }

    /// What is no command.
    private static var own: [String: JSONValue] {
        let number: JSONValue = [
            "name": "task", "in": "path", "required": true, "description": "The id of a task.",
            "schema": ["type": "string", "pattern": "^[0-9a-f]{16}$"],
        ]
        return [
            "/healthz": ["get": open("isAlive", "Whether the service is there.", json("status: string"))],
            "/readyz": [
                "get": open("isReady", "Whether the service can do its work.", json("status: string"), failures: [503])
            ],
            "/openapi.json": ["get": open("getDescription", "This document.", json("openapi: string"))],
            "/metrics": [
                "get": [
                    "operationId": "getMetrics", "summary": "Metrics, in the text format of Prometheus.",
                    "responses": .object(
                        failures([401, 500]).merging([
                            "200": ["description": "Metrics.", "content": ["text/plain": ["schema": ["type": "string"]]]]
                        ]) { $1 }),
                ]
            ],
            "/v1/tasks": [
                "get": [
                    "operationId": "listTasks", "summary": "The tasks of this run of the service, newest last.",
                    "responses": .object(failures([401, 400]).merging(["200": json("tasks: [Task]")]) { $1 }),
                ]
            ],
            "/v1/tasks/{task}": [
                "get": [
                    "operationId": "getTask", "summary": "A task, with its answer when it has ended.", "parameters": [number],
                    "responses": .object(failures([400, 401, 404]).merging(["200": json("task: Task")]) { $1 }),
                ]
            ],
        ]
    }

    private static func open(_ id: String, _ summary: String, _ answer: JSONValue, failures codes: [Int] = []) -> JSONValue {
        [
            "operationId": .text(id), "summary": .text(summary), "security": [],
            "responses": .object(failures(codes).merging(["200": answer]) { $1 }),
        ]
    }

    private static func describe(_ operation: APIOperation) -> JSONValue {
        var value: [String: JSONValue] = [
            "operationId": .text(operation.id), "summary": .text(operation.summary),
            "description": .text("holdfast \(operation.command.joined(separator: " "))"), "responses": .object(responses(operation)),
        ]
        let parameters = operation.fields.filter { $0.place != .body }.map(parameter)
        if !parameters.isEmpty { value["parameters"] = .list(parameters) }
        if let body = body(operation) { value["requestBody"] = body }
        return .object(value)
    }

    private static func parameter(_ field: APIField) -> JSONValue {
        [
            "name": .text(field.name), "in": .text(field.place.rawValue), "required": .flag(field.isRequired == .required),
            "description": .text(field.summary), "schema": field.type.schema,
        ]
    }

    private static func body(_ operation: APIOperation) -> JSONValue? {
        let fields = operation.fields.filter { $0.place == .body }
        guard !fields.isEmpty else { return nil }
        var properties: [String: JSONValue] = [:]
        for field in fields {
            guard case .object(var schema) = field.type.schema else { continue }
            schema["description"] = .text(field.summary)
            properties[field.name] = .object(schema)
        }
        let required = fields.filter { $0.isRequired == .required }.map { JSONValue.text($0.name) }
        var schema: [String: JSONValue] = ["type": "object", "properties": .object(properties), "additionalProperties": false]
        if !required.isEmpty { schema["required"] = .list(required) }
        return ["required": .flag(!required.isEmpty), "content": ["application/json": ["schema": .object(schema)]]]
    }

    private static func responses(_ operation: APIOperation) -> [String: JSONValue] {
        var responses = failures([400, 401, 404, 409, 413, 415, 500, 503, 507])
        let extras = operation.acts ? ", plan?: Plan, warnings?: [string], notes?: [string]" : ""
        responses["200"] = json(operation.result + extras)
        if operation.acts {
            responses["202"] = json("task: Task", "It goes on; the task has the answer later.")
            responses.merge(failures([429])) { $1 }
        }
        return responses
    }

    private static func failures(_ codes: [Int]) -> [String: JSONValue] {
        (codes + [400, 421]).reduce(into: [:]) { $0["\($1)"] = json("error: Error", APIStatus.meaning($1)) }
    }

    private static func json(_ members: String, _ description: String = "Done.") -> JSONValue {
        ["description": .text(description), "content": ["application/json": ["schema": APISchema.object(members)]]]
    }
}

/// From the codes of failures to those of HTTP.
enum APIStatus {
    static func of(_ code: FailureCode) -> Int {
        switch code {
        case .notFound: 404
        // What fits the description and yet makes no sense does so with other parameters, or with what there is.
        case .usage, .exists, .refused, .locked, .fenced: 409
        // A repository that was made with another password.
        case .password: 409
        case .space: 507
        case .store, .storage, .cancelled: 503
        case .clusterFile, .damaged, .hook, .incomplete, .internal: 500
        }
    }

    static func meaning(_ status: Int) -> String {
        switch status {
        case 400: "A parameter or the body is not what it may be."
        case 401: "There is no token, or it is another."
        case 404: "There is no such thing."
        case 409: "The state of things forbids it, or parameters that make no sense together."
        case 413: "The body is too long."
        case 415: "The body is not JSON."
        case 421: "The Host header names another server."
        case 429: "As many tasks run as may."
        case 503: "A store, the storage or a target cannot be reached, or there is too much to do."
        case 507: "There is no room."
        default: "It failed."
        }
    }
}
