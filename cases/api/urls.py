"""Addresses of cases, rules and the dictionary."""

from django.urls import path

from cases.api import history, knowledge, views, work

urlpatterns = [
    path("cases/", views.Cases.as_view(), name="api-cases"),
    path("cases/<int:pk>/", views.OneCase.as_view(), name="api-case"),
    path("cases/<int:pk>/assessment/", views.CaseAssessment.as_view(), name="api-case-assessment"),
    path("cases/<int:pk>/history/", history.CaseHistory.as_view(), name="api-case-history"),
    path("follow-ups/due/", work.FollowUpsDue.as_view(), name="api-follow-ups-due"),
    path("follow-ups/lost/", work.FollowUpsLost.as_view(), name="api-follow-ups-lost"),
    path("queries/", work.Queries.as_view(), name="api-queries"),
    path("deviations/", work.Deviations.as_view(), name="api-deviations"),
    path("rules/", knowledge.Rules.as_view(), name="api-rules"),
    path("dictionary/", knowledge.Dictionary.as_view(), name="api-dictionary"),
]
