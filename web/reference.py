"""The API's reference at /docs, written from its own OpenAPI description.

The usual viewers are fetched from elsewhere and run inline script; this page is plain HTML under
the same strict content security policy as the rest of the site.
"""

import json
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel

from web.site import PAGE_HEADERS

_METHODS = ("get", "post", "put", "patch", "delete")


def reference_router(templates: Jinja2Templates) -> APIRouter:
    """The route of the reference."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        """The reference as a page."""
        app: FastAPI = request.app
        context = {"api": app.openapi(), "operations": operations(app.openapi())}
        return templates.TemplateResponse(request, "reference.html", context, headers=PAGE_HEADERS)

    return router


def describe_bodies(app: FastAPI, bodies: Sequence[type[BaseModel]]) -> None:
    """Add the schemas of bodies that routes read themselves to the app's description."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        description = plain()
        schemas = description["components"]["schemas"]
        for body in bodies:
            schemas.setdefault(body.__name__, body.model_json_schema())
        return description

    app.openapi = openapi  # type: ignore[method-assign]


def operations(openapi: dict[str, Any]) -> list[dict[str, Any]]:
    """Every operation of an OpenAPI description, flat, with its schemas written out as JSON."""
    schemas = openapi.get("components", {}).get("schemas", {})
    return [
        {
            "method": method.upper(),
            "path": path,
            "id": operation["operationId"],
            "summary": operation.get("summary", ""),
            "description": operation.get("description", ""),
            "secured": bool(operation.get("security")),
            "body": _written(operation.get("requestBody", {}), schemas),
            "responses": [
                {
                    "status": status,
                    "description": response.get("description", ""),
                    "body": _written(response, schemas),
                }
                for status, response in sorted(operation.get("responses", {}).items())
            ],
        }
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
        if method in _METHODS
    ]


def _written(holder: dict[str, Any], schemas: dict[str, Any]) -> str:
    schema = holder.get("content", {}).get("application/json", {}).get("schema")
    return json.dumps(_shape(schema, schemas), indent=2, ensure_ascii=False) if schema else ""


def _shape(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """A schema as a value of its shape: names with types where the values would stand."""
    if "$ref" in schema:
        return _shape(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas)
    if "anyOf" in schema:
        shapes = [_shape(option, schemas) for option in schema["anyOf"]]
        plain = [shape for shape in shapes if isinstance(shape, str)]
        return " | ".join(plain) if len(plain) == len(shapes) else shapes[0]
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        return {name: _shape(inner, schemas) for name, inner in properties.items()}
    if schema.get("type") == "array":
        return [_shape(schema["items"], schemas)]
    return str(schema.get("type", "any"))
