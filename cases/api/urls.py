"""Addresses of cases, rules and the dictionary."""

from django.urls import path

from cases.api import bulk, knowledge, views

urlpatterns = [
    path("cases/", views.Cases.as_view(), name="api-cases"),
    path("cases/bulk/", bulk.BulkCases.as_view(), name="api-bulk"),
    path("imports/<int:pk>/", bulk.OneImport.as_view(), name="api-import"),
    path("imports/<int:pk>/results/", bulk.ImportResults.as_view(), name="api-import-results"),
    path("imports/<int:pk>/rejected/", bulk.ImportRejected.as_view(), name="api-import-rejected"),
    path("cases/<int:pk>/", views.OneCase.as_view(), name="api-case"),
    path("cases/<int:pk>/assessment/", views.CaseAssessment.as_view(), name="api-case-assessment"),
    path("rules/", knowledge.Rules.as_view(), name="api-rules"),
    path("dictionary/", knowledge.Dictionary.as_view(), name="api-dictionary"),
]
