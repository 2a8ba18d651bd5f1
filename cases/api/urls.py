"""Addresses of cases, rules and the dictionary."""

from django.urls import path

from cases.api import knowledge, plans, views

urlpatterns = [
    path("cases/", views.Cases.as_view(), name="api-cases"),
    path("cases/<int:pk>/", views.OneCase.as_view(), name="api-case"),
    path("cases/<int:pk>/assessment/", views.CaseAssessment.as_view(), name="api-case-assessment"),
    path("algorithm/plan/", plans.AlgorithmPlan.as_view(), name="api-plan"),
    path("rules/", knowledge.Rules.as_view(), name="api-rules"),
    path("dictionary/", knowledge.Dictionary.as_view(), name="api-dictionary"),
]
