"""The `llm` advisor: any model over HTTP, asked once for one structured answer.

One request, no retries by anybody (a retry delays the fallback), no streaming, a deadline over all
of it. The reply's own text goes through the one strict parser; nothing else is ever taken from it.
Whatever goes wrong is an answer too: one line that says what, without a key in it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import httpx2
import msgspec
from pydantic_ai.direct import model_request
from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.profiles import ModelProfile, merge_profile
from pydantic_ai.providers import Provider as AnyProvider
from pydantic_ai.settings import ModelSettings

from steersman.advisor.budget import Budget, Exhausted, OrderExhausted, Reserved
from steersman.advisor.context import gather
from steersman.advisor.keys import HIDDEN, Key
from steersman.advisor.prompt import PROMPT_VERSION, Prompt, prompt_of
from steersman.advisor.providers import AdvisorConfig, Provider
from steersman.advisor.schema import answer_schema
from steersman.advisor.wire import Watch, one_line
from steersman.domain.advice import (
    RAW_CHARS_MAX,
    Advice,
    Answer,
    NoAdvice,
    Origin,
    Question,
    Usage,
    parse_advice,
)

if TYPE_CHECKING:
    from pydantic_ai.models.openai import OpenAIChatModel

__all__ = ["LlmAdvisor"]

FRAME_TOKENS: Final = 256  # what a provider adds to our words: roles, the chat's form
TOKENS_MAX: Final = 10**9
UNSTEERING: Final = ("evidence", "reasoning", "provenance")  # fields that turn nothing
NO_KEY: Final = "none"  # stands where a library insists on a key; it is never sent


class LlmAdvisor:
    """Answer with a language model; safe to ask from several threads at once."""

    def __init__(
        self, name: str, config: AdvisorConfig, key: Key | None, budget: Budget, timeout_s: float
    ) -> None:
        """Prepare to ask the model of `[advisors.NAME]`; nothing is sent yet.

        `timeout_s` bounds the whole of one answer, from looking up the host to its last byte.
        """
        self.name = f"llm:{name}/{config.model}/{PROMPT_VERSION}"
        self._config = config
        self._key = key
        self._budget = budget
        self._timeout_s = timeout_s
        self._schema = answer_schema()
        self._schema_json = msgspec.json.encode(self._schema)
        self._usage = Usage(PROMPT_VERSION, self._hash())
        _model(config, key, Watch(config, key).client(timeout_s))  # imports now, not when asked

    def advise(self, question: Question) -> Answer:
        """Ask once; what a model, a server or a network does wrong is in the answer."""
        config = self._config
        prompt = prompt_of(question, gather(question), masked=config.masked)
        # A token is at least a byte, so this is the most that the question can come to.
        sent = len(prompt.system.encode()) + len(prompt.user.encode()) + len(self._schema_json)
        try:
            reserved = self._budget.reserve(
                question.parent.id, sent + FRAME_TOKENS, config.max_tokens
            )
        except Exhausted as error:
            kind = "declined" if isinstance(error, OrderExhausted) else "unavailable"
            return Answer(NoAdvice(kind, str(error)), self._usage)
        watch = Watch(config, self._key)
        reply = _run(self._ask(prompt, watch))
        if isinstance(reply, NoAdvice):
            if not watch.charged:
                self._settle(reserved, 0, 0)
                return Answer(reply, self._usage, watch.clean(watch.seen)[:RAW_CHARS_MAX])
            # Nobody counted it, and it may be charged: the budget keeps the most, and so is told.
            most = msgspec.structs.replace(self._usage, cost_usd=reserved.usd)
            return Answer(reply, most, watch.clean(watch.seen)[:RAW_CHARS_MAX])
        usage = self._used(reply, reserved)
        text = watch.clean(
            "".join(part.content for part in reply.parts if isinstance(part, TextPart))
        )
        if watch.clean(_unescaped(text)) != _unescaped(text):
            return Answer(NoAdvice("invalid", "the reply holds the key"), usage, HIDDEN)
        return Answer(self._said(reply, text), usage, text[:RAW_CHARS_MAX])

    async def _ask(self, prompt: Prompt, watch: Watch) -> ModelResponse | NoAdvice:
        words = ModelRequest([SystemPromptPart(prompt.system), UserPromptPart(prompt.user)])
        settings = ModelSettings(
            max_tokens=self._config.max_tokens, timeout=self._timeout_s, max_retries=0
        )
        form = OutputObjectDefinition(self._schema, name="advice", strict=True)
        parameters = ModelRequestParameters(
            output_mode="native", output_object=form, allow_text_output=False
        )
        try:
            async with asyncio.timeout(self._timeout_s), watch.client(self._timeout_s) as client:
                model = _model(self._config, self._key, client)
                if _takes_temperature(model):
                    settings["temperature"] = float(self._config.temperature)
                return await model_request(
                    model,
                    [words],
                    model_settings=settings,
                    model_request_parameters=parameters,
                )
        except Exception as error:  # noqa: BLE001 - four libraries raise what they like
            return self._fault(error, watch)

    def _fault(self, error: Exception, watch: Watch) -> NoAdvice:
        """Say in one line why no reply can be used; libraries' own words may hold anything."""
        provider, model, address = self._config.provider, self._config.model, self._config.address
        causes = tuple(_causes(error))
        if any(isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout) for cause in causes):
            watch.charged = False
        if watch.fault is not None:
            return watch.fault
        if any(isinstance(cause, TimeoutError | httpx2.TimeoutException) for cause in causes):
            return NoAdvice("timeout", f"no answer from {provider} within {self._timeout_s:g} s")
        broken = any(isinstance(cause, httpx2.TransportError) for cause in causes)
        if watch.status is not None:
            what = "was cut off" if broken else f"is not of the form that {provider} answers in"
            return NoAdvice("invalid", f"the reply {what}")
        if broken:
            reasons = [cause.strerror for cause in causes if isinstance(cause, OSError)]
            reason = next(filter(None, reversed(reasons)), "it broke off")
            return NoAdvice("unavailable", one_line(f"cannot reach {address}: {reason}"))
        if isinstance(error, UserError):  # a model that the library knows to lack what we need
            why = watch.clean(one_line(str(error)))
            return NoAdvice("unavailable", one_line(f"{model} cannot be asked: {why}"))
        return NoAdvice("unavailable", f"{model} cannot be asked: {type(error).__name__}")

    def _said(self, reply: ModelResponse, text: str) -> Advice | NoAdvice:
        """Return what the reply's text says; every field that it states is the model's."""
        if reply.finish_reason == "content_filter":
            return NoAdvice("declined", f"{self._config.provider} held its reply back")
        if reply.finish_reason == "length":
            limit = self._config.max_tokens
            return NoAdvice("invalid", f"the reply was cut off after max_tokens, {limit}")
        if not text.strip():
            return NoAdvice("invalid", "the reply is empty")
        said = parse_advice(text)
        if isinstance(said, NoAdvice):
            return said
        stated = msgspec.json.decode(text)
        provenance = {
            name: Origin.MODEL if name in stated else Origin.DEFAULT
            for name in said.__struct_fields__
            if name not in UNSTEERING and getattr(said, name) is not None
        }
        return msgspec.structs.replace(said, provenance=provenance)

    def _used(self, reply: ModelResponse, reserved: Reserved) -> Usage:
        """Return the usage as the provider counts it, or the most where it counts nonsense."""
        tokens_out_max = self._config.max_tokens
        tokens_in = _count(reply.usage.input_tokens, reserved.tokens - tokens_out_max)
        tokens_out = _count(reply.usage.output_tokens, tokens_out_max)
        return msgspec.structs.replace(
            self._usage,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost_usd=self._settle(reserved, tokens_in, tokens_out),
        )

    def _settle(self, reserved: Reserved, tokens_in: int, tokens_out: int) -> Decimal:
        try:
            return self._budget.settle(reserved, tokens_in, tokens_out)
        except Exhausted:  # not written: the day stays charged with the most, which is safe
            return self._config.cost_usd(tokens_in, tokens_out)

    def _hash(self) -> str:
        """Name the model and all that decides how it is asked."""
        config = self._config
        asked = (config.address, config.temperature, config.max_tokens, config.masked)
        digest = hashlib.sha256(msgspec.json.encode((asked, self._schema)))
        return f"{config.provider}/{config.model}@{digest.hexdigest()[:16]}"


def _model(config: AdvisorConfig, key: Key | None, client: httpx2.AsyncClient) -> Model:
    """Return the provider's model over our client; its library is imported only where it is used.

    Address and key are always given, so that no library looks for others in the environment.
    """
    model, address = config.model, config.address
    secret = NO_KEY if key is None else key.reveal()
    if config.provider is Provider.ANTHROPIC:
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        anthropic = AnthropicProvider(api_key=secret, base_url=address, http_client=client)
        return AnthropicModel(model, provider=anthropic)
    if config.provider is Provider.GEMINI:
        from pydantic_ai.models.google import GoogleModel
        from pydantic_ai.providers.google import GoogleProvider

        google = GoogleProvider(api_key=secret, base_url=address, http_client=client)
        return GoogleModel(model, provider=google)
    from pydantic_ai.models.openai import OpenAIChatModel

    if config.provider is Provider.OPENAI:
        from pydantic_ai.providers.openai import OpenAIProvider

        openai = OpenAIProvider(api_key=secret, base_url=address, http_client=client)
        return OpenAIChatModel(model, provider=openai)
    served: Callable[..., OpenAIChatModel] = OpenAIChatModel
    provider: AnyProvider[Any]
    if config.provider is Provider.OLLAMA:
        from pydantic_ai.models.ollama import OllamaModel
        from pydantic_ai.providers.ollama import OllamaProvider

        served = OllamaModel
        provider = OllamaProvider(api_key=secret, base_url=address, http_client=client)
    elif config.provider is Provider.VLLM:
        from pydantic_ai.providers.vllm import VLLMProvider

        provider = VLLMProvider(api_key=secret, base_url=address, http_client=client)
    else:
        from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

        provider = OpenAICompatibleProvider(
            config.provider, api_key=secret, base_url=address, http_client=client
        )
    # These decode by the schema as it stands. OpenAI's own form of it has no lengths, and a small
    # model that nothing stops writes on until it is cut off.
    known = served(model, provider=provider).profile
    whole = merge_profile(known, ModelProfile(json_schema_transformer=None))
    return served(model, provider=provider, profile=whole)


def _takes_temperature(model: Model) -> bool:
    """Whether a model lets its temperature be set; those that reason before they answer do not."""
    profile: Mapping[str, Any] = {**model.profile}
    if profile.get("anthropic_disallows_sampling_settings", False):
        return False
    if not profile.get("openai_supports_reasoning", False):
        return True
    efforts = profile.get("openai_reasoning_efforts") or ()
    may_rest = "none" in efforts or profile.get("openai_supports_reasoning_effort_none", False)
    return may_rest and not profile.get("thinking_enabled_by_default", False)


def _run(asking: Coroutine[Any, Any, ModelResponse | NoAdvice]) -> ModelResponse | NoAdvice:
    """Run in a loop of its own, and leave it without waiting for a host that is being looked up."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(asking)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what led to it, from the last to the first."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        yield cause
        cause = cause.__cause__ or cause.__context__


def _unescaped(text: str) -> str:
    """Return JSON with its strings written out, so that nothing hides behind escapes."""
    try:
        return msgspec.json.encode(msgspec.json.decode(text)).decode()
    except (msgspec.MsgspecError, RecursionError):
        return text


def _count(tokens: object, most: int) -> int:
    """Return a number of tokens as counted; what is no such number counts as the most."""
    return tokens if isinstance(tokens, int) and 0 < tokens <= TOKENS_MAX else most
