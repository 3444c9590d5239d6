"""The catalogue's entries in the words of the store."""

from __future__ import annotations

from app.contracts.errors import InvalidInput
from app.settings.files import suggestion
from app.settings.paths import asset
from models.catalogue import Catalogue, CatalogueModel, read_catalogue
from models.store.network import HUB
from models.store.wanted import Wanted, WantedFile

CATALOGUE_ASSET = "catalogue.yaml"


def wanted_of(model: CatalogueModel) -> Wanted:
    """What the store needs to know of a catalogue's model; a value without a source is unknown."""
    return Wanted(
        name=model.name,
        format=model.format,
        repository=model.repository,
        revision=model.revision.value,
        files=tuple(
            WantedFile(
                file.name, file.size.value, file.sha256.value, remote="" if file.path == file.name else file.path
            )
            for file in model.files
        ),
        source=f"{HUB}/{model.repository}",
        licence=model.licence.value or "",
        languages=model.languages.value or (),
        parameters=model.parameters.value or 0,
        memory_bytes=model.memory_bytes.value or 0,
        recommended=bool(model.recommended),
    )


def catalogue_of_program() -> Catalogue:
    """The catalogue that ships with Sotto.

    Raises:
        Unavailable: It is missing.
        InvalidInput: It is damaged.
    """
    try:
        return read_catalogue(asset(CATALOGUE_ASSET))
    except InvalidInput as error:
        raise InvalidInput(error.message, code=error.code, remedy="Install Sotto again.") from error


def find_wanted(catalogue: Catalogue, name: str) -> Wanted:
    """A model of the catalogue by its name.

    Raises:
        InvalidInput: There is none of that name.
    """
    model = catalogue.get(name)
    if model is None:
        near = suggestion(name, [each.name for each in catalogue.models])
        raise InvalidInput(
            f"The catalogue has no model {name!r}.",
            code="model-unknown",
            remedy=near or "`sotto models list` shows what there is; `sotto models import` takes a file of your own.",
        )
    return wanted_of(model)
