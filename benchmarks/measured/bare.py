"""The floor of the API: a FastAPI application with one route that verifies an access token, and nothing else."""

import sys
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, Request

from meschain.access.signing import SigningKeys
from meschain.access.tokens import Claims
from meschain.wiring import House

app = FastAPI()
keys = SigningKeys(House().access)


async def claims(request: Request) -> Claims:
    """What the token says."""
    return keys.verify(request.headers["authorization"].removeprefix("Bearer "))


@app.get("/bare")
async def bare(said: Annotated[Claims, Depends(claims)]) -> dict[str, str]:
    """Who asks."""
    return {"sub": said.sub}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False, log_level="warning")
