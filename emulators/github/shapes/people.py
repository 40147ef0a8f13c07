"""Users, organisations, Apps and installations as JSON. Pure."""

from __future__ import annotations

from emulators.github.model import App, Installation, Issue, Repository, User
from emulators.github.shapes import Json, Urls, node_id, stamp, stamp_or_none


def user(urls: Urls, who: User) -> Json:
    """A simple user. Bots have their page under /apps."""
    home = f"{urls.api}/users/{who.login}"
    page = f"{urls.web}/apps/{who.login.removesuffix('[bot]')}" if who.kind == "Bot" else f"{urls.web}/{who.login}"
    return {
        "login": who.login,
        "id": who.id,
        "node_id": node_id("U", who.id),
        "avatar_url": f"{urls.web}/-/avatars/{who.id}",
        "gravatar_id": "",
        "url": home,
        "html_url": page,
        "followers_url": f"{home}/followers",
        "following_url": f"{home}/following{{/other_user}}",
        "gists_url": f"{home}/gists{{/gist_id}}",
        "starred_url": f"{home}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{home}/subscriptions",
        "organizations_url": f"{home}/orgs",
        "repos_url": f"{home}/repos",
        "events_url": f"{home}/events{{/privacy}}",
        "received_events_url": f"{home}/received_events",
        "type": who.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def whole_user(urls: Urls, who: User) -> Json:
    """What GET /user says."""
    blank = dict.fromkeys(("company", "location", "email", "hireable", "bio"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    dates = dict.fromkeys(("created_at", "updated_at"), "2020-01-01T00:00:00Z")
    return user(urls, who) | {"name": who.name, "blog": ""} | blank | counts | dates


def organization(urls: Urls, who: User) -> Json:
    home = f"{urls.api}/orgs/{who.login}"
    return {
        "login": who.login,
        "id": who.id,
        "node_id": node_id("O", who.id),
        "url": home,
        "repos_url": f"{home}/repos",
        "events_url": f"{home}/events",
        "hooks_url": f"{home}/hooks",
        "issues_url": f"{home}/issues",
        "members_url": f"{home}/members{{/member}}",
        "public_members_url": f"{home}/public_members{{/member}}",
        "avatar_url": f"{urls.web}/-/avatars/{who.id}",
        "description": who.name,
    }


def app(urls: Urls, one: App) -> Json:
    return {
        "id": one.id,
        "client_id": one.client_id,
        "slug": one.slug,
        "node_id": node_id("A", one.id),
        "owner": user(urls, one.owner),
        "name": one.name,
        "description": "",
        "external_url": urls.web,
        "html_url": f"{urls.web}/apps/{one.slug}",
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.created_at),
        "permissions": one.permissions,
        "events": one.events,
    }


def app_or_none(urls: Urls, one: App | None) -> Json | None:
    return None if one is None else app(urls, one)


def installation(urls: Urls, one: Installation) -> Json:
    return {
        "id": one.id,
        "client_id": one.app.client_id,
        "account": user(urls, one.account),
        "repository_selection": "selected",
        "access_tokens_url": f"{urls.api}/app/installations/{one.id}/access_tokens",
        "repositories_url": f"{urls.api}/installation/repositories",
        "html_url": f"{urls.web}/settings/installations/{one.id}",
        "app_id": one.app.id,
        "app_slug": one.app.slug,
        "target_id": one.account.id,
        "target_type": one.account.kind,
        "permissions": one.app.permissions,
        "events": one.app.events,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": stamp_or_none(one.suspended_at),
    }


def association(repository: Repository, who: User) -> str:
    """The author's standing, as `author_association` says it."""
    if who.login == repository.owner.login:
        return "OWNER"
    if repository.collaborators.get(who.login.lower()) is None:
        return "NONE"
    admin = repository.role(who.login) == "admin" and repository.owner.kind == "Organization"
    return "MEMBER" if admin else "COLLABORATOR"


def author_of(issue: Issue) -> str:
    return association(issue.repository, issue.actor.user)
