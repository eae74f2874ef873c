"""One form before something is done at the desk."""

from collections.abc import Sequence

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def ask(
    request: HttpRequest,
    form: forms.Form,
    *,
    title: str,
    words: str,
    button: str,
    trail: Sequence[tuple[str, str]],
    is_danger: bool = False,
) -> HttpResponse:
    """Show the form, with 422 if it is not valid. `trail` leads here, by words and address; Cancel leads to its end."""
    context = {
        **admin.site.each_context(request),
        "title": title,
        "words": words,
        "form": form,
        "button": button,
        "trail": trail,
        "back": trail[-1][1],
        "is_danger": is_danger,
    }
    return render(request, "admin/ask.html", context, status=422 if form.errors else 200)
